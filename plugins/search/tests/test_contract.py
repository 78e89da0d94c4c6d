"""Every search algorithm keeps the contract."""

from __future__ import annotations

import pytest

from mlkernel.testing import Check
from mlkernel.testing.plugin_check import checks_of

NAMES = ["auto", "random", "grid", "sobol", "tpe", "gp", "evolution", "nsga2"]
NAMES += ["coordinate", "bohb", "cma-es", "hyperopt", "skopt", "nevergrad", "nsga3"]
EXPENSIVE = ("skopt", "nevergrad")
"""Each proposal takes them long."""
ALWAYS = ("[mixed]", "[conditional]", "public", "descri")


def marks(name: str, check: Check) -> list[pytest.MarkDecorator]:
    is_cheap = name not in EXPENSIVE or any(word in check.name for word in ALWAYS)
    return [] if is_cheap else [pytest.mark.slow]


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{name}-{check.name}", marks=marks(name, check))
        for name in NAMES
        for check in checks_of(name, kind="search_algorithm")
    ],
)
def test_it_keeps_the_contract(check: Check) -> None:
    check()
