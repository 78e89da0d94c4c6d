"""Every search algorithm keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from _pytest.mark import ParameterSet

from mlkernel.testing import Check
from mlkernel.testing.plugin_check import checks_of

NAMES = ["auto", "random", "grid", "sobol", "tpe", "gp", "evolution", "nsga2"]
NAMES += [
    "coordinate",
    "bohb",
    "cma-es",
    "hyperopt",
    "skopt",
    "nevergrad",
    "nsga3",
    "optuna-gp",
    "smac",
    "ax",
]
EXPENSIVE = ("skopt", "nevergrad", "optuna-gp", "smac", "ax")
"""Each proposal takes them long."""
ALWAYS = (
    "points_of_the_space[mixed]",
    *("points_of_the_space[conditional]", "history[conditional]", "partial_trials[conditional]"),
    *("failures[conditional]", "public", "descri"),
)
"""Checks that the quick suite makes of those too: each once, of the problem that asks most of a library."""
ABSENT = [name for name in ("smac", "ax") if find_spec(name) is None]
"""Libraries that are too large for every installation."""


def marks(name: str, check: Check) -> list[pytest.MarkDecorator]:
    is_cheap = name not in EXPENSIVE or any(word in check.name for word in ALWAYS)
    return [] if is_cheap else [pytest.mark.slow]


def cases() -> Iterator[ParameterSet]:
    for name in NAMES:
        if name in ABSENT:
            yield pytest.param(None, id=name, marks=pytest.mark.skip(f"{name} is not installed"))
            continue
        for check in checks_of(name, kind="search_algorithm"):
            yield pytest.param(check, id=f"{name}-{check.name}", marks=marks(name, check))


@pytest.mark.parametrize("check", list(cases()))
def test_it_keeps_the_contract(check: Check) -> None:
    check()
