"""A recorded run in a process of its own, which may be killed, or have another hash seed.

``python -m mlkernel.testing.child_run TRAINER RUNS stop|kill ITERATIONS OVERRIDE...``
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mlkernel.testing.check import CheckFailed
from mlkernel.testing.interruption import KillAt, StopAt
from mlkernel.testing.recorded_run import run_in_process

KILLED = -9


def run_in_child(
    trainer: str,
    overrides: Sequence[str],
    runs: Path,
    *,
    end: Literal["stop", "kill"],
    at: int,
    hash_seed: int,
) -> Path:
    """Run *trainer* in a child process up to the end of iteration *at* and return its run directory.

    :raises CheckFailed: it ended otherwise than it was told to.
    """
    words = [sys.executable, "-m", __spec__.name, trainer, str(runs), end, str(at), *overrides]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    child = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if child.returncode != (KILLED if end == "kill" else 0):
        raise CheckFailed(f"a run in another process ended with {child.returncode}:\n{child.stderr[-2000:]}")
    (directory,) = runs.iterdir()
    return directory


def main(words: Sequence[str]) -> int:
    """Carry out what :func:`run_in_child` wrote."""
    trainer, runs, end, at, *overrides = words
    listener = KillAt(int(at)) if end == "kill" else StopAt(int(at))
    run = run_in_process(trainer, overrides, runs=runs, listeners=[listener])
    if run.error is not None:
        raise run.error
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
