"""Arguments that a function gets because it has a parameter of that name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mlkernel.study.worker.messages import TrainRun

NAMES = ("seed", "fold", "folds", "max_step", "source")


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Its signature; ``None`` for what has none, such as some built-in functions."""
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def wanted_context(function: Callable[..., Any]) -> dict[str, bool]:
    """Those of ``NAMES`` that *function* has parameters for, each with whether the parameter has a default."""
    signature = signature_of(function)
    if signature is None:
        return {}
    parameters = signature.parameters
    return {
        name: parameters[name].default is not inspect.Parameter.empty for name in NAMES if name in parameters
    }


def context_arguments(wanted: dict[str, bool], order: TrainRun) -> dict[str, Any]:
    """Their values for a run; where there is none, a parameter keeps its default."""
    values = {"seed": order.seed, "fold": order.fold, "folds": order.folds}
    known: dict[str, Any] = {**values, "max_step": last_step(order), "source": source_folder(order)}
    return {
        name: known[name]
        for name, has_default in wanted.items()
        if known[name] is not None or not has_default
    }


def last_step(order: TrainRun) -> float | None:
    """The step up to which the run is to be trained now, a whole number where it is one."""
    steps: Iterable[float] = [step for step in (order.until, order.max_step) if step is not None]
    last = min(steps, default=None)
    return int(last) if last is not None and float(last).is_integer() else last


def source_folder(order: TrainRun) -> Path | None:
    """The folder of another run that this one shall go on from (population-based training)."""
    return None if order.source is None else Path(order.source)
