"""Whether to compile a function: decided by the configuration alone, so that every attempt takes the same road."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")

CALLS_THAT_REPAY_COMPILING = 50_000
"""A small training step saves about a millisecond by being compiled, which takes up to a minute."""


def compile_when_it_pays(
    function: Callable[P, R], *, policy: Literal["auto", "always", "never"], calls: int
) -> Callable[P, R]:
    """Return *function*, compiled with ``torch.compile`` where *policy* says so.

    :param calls: how often a whole run calls it, from its first attempt to its end. With ``"auto"`` it is compiled
        when that is at least :data:`CALLS_THAT_REPAY_COMPILING`; never by a clock, because compiled and plain code
        round differently and a resumed run must go on as it began.
    """
    if policy == "always" or (policy == "auto" and calls >= CALLS_THAT_REPAY_COMPILING):
        return torch.compile(function)
    return function
