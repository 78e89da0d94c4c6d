"""Every trial scheduler keeps the contract."""

from __future__ import annotations

import pytest

from mlkernel.testing import Check
from mlkernel.testing.plugin_check import checks_of

VARIANTS = [
    ("fifo", []),
    ("asha", []),
    ("asha", ["form=promote"]),
    ("successive-halving", ["trials=8"]),
    ("hyperband", []),
    ("bohb-hyperband", []),
    ("median", []),
    ("pbt", ["population=6"]),
    ("pbt", ["population=6", "exploit=binary_tournament", "explore=noise"]),
    ("pbt", ["population=6", "synchronous=false", "explore=resample"]),
    ("pb2", ["population=6", "interval=9", "candidates=50"]),
]


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
