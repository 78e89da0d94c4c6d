"""Arguments that a function gets because it has a parameter of that name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mlkernel.study.worker.messages import TrainRun

NAMES = ("seed", "fold", "folds")


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Its signature; ``None`` for what has none, such as some built-in functions."""
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def wanted_context(function: Callable[..., Any]) -> list[str]:
    """Those of ``seed``, ``fold`` and ``folds`` that *function* has parameters for."""
    signature = signature_of(function)
    return [] if signature is None else [name for name in NAMES if name in signature.parameters]


def context_arguments(wanted: list[str], order: TrainRun) -> dict[str, Any]:
    """Their values for a run."""
    return {name: getattr(order, name) for name in wanted}
