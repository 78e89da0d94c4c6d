"""Learning curves as pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mlkernel.errors import UnknownNameError, UsageError
from mlkernel.plots.run_groups import group_runs
from mlkernel.records.metrics import Metrics, read_metrics

if TYPE_CHECKING:
    from mlkernel.run.run import Run

SUFFIXES = (".png", ".svg", ".pdf")


def draw_learning_curve(
    path: Path | str,
    runs: Sequence[Run | Path | str],
    metrics: Sequence[str] | str,
    x: str = "iteration",
    title: str | None = None,
    *,
    phase: str | None = None,
    smooth: float = 0.0,
) -> None:
    """Draw a panel for each metric, in it a curve for each configuration.

    Runs that differ only in their seed become their mean and its 95 % confidence band. A metric of several phases gets
    a curve for each; over iterations, which every phase counts on its own, only the phase that logged it most often.

    :param path: the picture; its suffix, ``.png``, ``.svg`` or ``.pdf``, says the format.
    :param runs: runs or run directories; running ones are drawn as far as they are.
    :param metrics: their names.
    :param x: ``"iteration"``, ``"time"`` (of training), or the name of a metric, such as a count of frames.
    :param phase: only what was logged in this phase.
    :param smooth: weight of the past in an exponential moving average, from 0 (none) to below 1.
    :raises UsageError: matplotlib is missing, or the suffix, the weight or a metric's name is not one of these.
    """
    path, names = Path(path), [metrics] if isinstance(metrics, str) else list(metrics)
    _check(path, smooth)
    directories = [Path(run) if isinstance(run, str | Path) else run.directory for run in runs]
    records = {directory: read_logged(directory) for directory in directories}
    phases = check_metrics(list(records.values()), names, x, phase)
    groups = group_runs(directories)

    from mlkernel.plots.figure import draw_figure

    draw_figure(path, [(group.label, [records[d] for d in group.directories]) for group in groups],
                phases, x=x, title=title, smooth=smooth)  # fmt: skip


def read_logged(directory: Path) -> Metrics:
    """What the run in *directory* logged.

    :raises UsageError: a line other than the last is damaged.
    """
    try:
        return read_metrics(directory)
    except (ValueError, TypeError) as error:
        raise UsageError(f"the metrics in {directory} are damaged: {error!r}") from error


def check_metrics(
    runs: Sequence[Metrics], names: Sequence[str], x: str = "iteration", phase: str | None = None
) -> dict[str, list[str]]:
    """For each metric the phases to draw, see :func:`draw_learning_curve`.

    :raises UnknownNameError: no run logged it; the message lists what was logged.
    """
    logged = _phases_by_metric(runs)
    if not logged:
        raise UnknownNameError("nothing was logged yet: there is nothing to draw")
    if x not in ("iteration", "time", *logged):
        raise _unknown("x axis", x, ["iteration", "time", *logged])
    if phase is not None:
        known = list(dict.fromkeys(name for phases in logged.values() for name in phases))
        if phase not in known:
            raise _unknown("phase", phase, known)
        logged = {name: Counter({phase: 1}) for name, phases in logged.items() if phase in phases}
    unknown = [name for name in names if name not in logged]
    if unknown:
        raise _unknown("metric", unknown[0], list(logged))
    if x == "iteration":
        return {name: [logged[name].most_common(1)[0][0]] for name in names}
    return {name: list(logged[name]) for name in names}


def _phases_by_metric(runs: Sequence[Metrics]) -> dict[str, Counter[str]]:
    """How often each phase logged each metric."""
    logged: dict[str, Counter[str]] = {}
    for record in (record for metrics in runs for record in metrics):
        for name in record.metrics:
            logged.setdefault(name, Counter())[record.phase] += 1
    return logged


def _unknown(what: str, name: str, known: list[str]) -> UnknownNameError:
    close = get_close_matches(name, known, n=1)
    suggestion = f"Did you mean {close[0]}? " if close else ""
    return UnknownNameError(f"no {what} {name!r}", hint=f"{suggestion}There are: {', '.join(known)}")


def _check(path: Path, smooth: float) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"cannot draw {path}: a picture ends in {', '.join(SUFFIXES)}")
    if not 0.0 <= smooth < 1.0:
        raise UsageError(f"cannot smooth with {smooth}: the weight of the past lies in 0 <= weight < 1")
    if find_spec("matplotlib") is None:
        raise UsageError("pictures need matplotlib", hint="pip install 'mlkernel[plot]'")
