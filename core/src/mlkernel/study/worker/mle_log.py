"""The log file of mle-logging, ``log_seed_N.hdf5``, which scripts of mle-toolbox write below the folder of the run.

A group ``seed_N`` holds ``stats/NAME`` and ``time/NAME``, one-dimensional and all as long as there were updates.
"""

from __future__ import annotations

from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from mlkernel.study.worker.run_reports import TargetError

_OWN_CLOCKS = ("time", "time_elapsed", "num_updates")
"""What the logger adds to the clocks of the script."""

Update = tuple[float | None, dict[str, float]]
"""Step, if there is a clock that grows, and metrics."""


def read_mle_log(directory: Path, seed: int) -> list[Update]:
    """Every update of the newest log of *seed* below *directory*; none if there is no log.

    The step is the first clock of the script's own, else the number of updates.

    :raises TargetError: there is one, and h5py is not installed, or cannot read it.
    """
    logs = sorted(directory.rglob(f"log_seed_{seed}.hdf5"), key=lambda path: path.stat().st_mtime)
    if not logs:
        return []
    try:
        # By name, since it is needed here only and nobody has to install it.
        hdf5: Any = import_module("h5py")
    except ModuleNotFoundError:
        raise TargetError(
            f"the script wrote {logs[-1]}, and reading it needs h5py",
            hint="pip install 'mlkernel[hdf5]', or let the script print its metrics as lines of JSON.",
        ) from None
    try:
        with hdf5.File(logs[-1]) as log:
            group = log[f"seed_{seed}"]
            stats, clocks = _columns(group["stats"]), _columns(group["time"])
    except (OSError, KeyError) as error:
        raise TargetError(f"{logs[-1]} is no log of mle-logging: {error}") from error
    steps = _steps(clocks)
    updates = max(map(len, stats.values()), default=0)
    return [
        (
            steps[row] if row < len(steps) else None,
            {name: column[row] for name, column in stats.items() if row < len(column)},
        )
        for row in range(updates)
    ]


def _columns(group: Any) -> dict[str, list[float]]:
    """The one-dimensional columns of numbers."""
    return {
        name: [float(value) for value in data[()]]
        for name, data in group.items()
        if data.ndim == 1 and data.dtype.kind in "fiu"
    }


def _steps(clocks: dict[str, list[float]]) -> list[float]:
    own = [name for name in clocks if name not in _OWN_CLOCKS]
    for name in [*own, "num_updates"]:
        steps = clocks.get(name, [])
        if all(before < after for before, after in pairwise(steps)):
            return steps
    return []
