"""Every search algorithm keeps the contract."""

from __future__ import annotations

import pytest

from mlkernel.testing import Check
from mlkernel.testing.plugin_check import checks_of

NAMES = ["auto", "random", "grid", "sobol", "tpe", "gp", "evolution", "nsga2", "coordinate", "bohb", "cma-es"]


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{name}-{check.name}")
        for name in NAMES
        for check in checks_of(name, kind="search_algorithm")
    ],
)
def test_it_keeps_the_contract(check: Check) -> None:
    check()
