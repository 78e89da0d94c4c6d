"""Every trial scheduler keeps the contract."""

from __future__ import annotations

import pytest

from mlkernel.testing import Check
from mlkernel.testing.plugin_check import checks_of

VARIANTS = [("fifo", []), ("asha", []), ("asha", ["form=promote"])]


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{'-'.join([name, *overrides])}-{check.name}")
        for name, overrides in VARIANTS
        for check in checks_of(name, kind="trial_scheduler", overrides=overrides)
    ],
)
def test_it_keeps_the_contract(check: Check) -> None:
    check()
