"""Every trial scheduler keeps the contract."""

from __future__ import annotations

import pytest

from mlkernel import resolve
from mlkernel.testing import Check
from mlkernel.testing.plugin_check import checks_of

VARIANTS = [
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


@pytest.mark.parametrize(
    ("alias", "name"),
    [("asynchyperband", "asha"), ("bohbhyperband", "bohb-hyperband"), ("halving", "successive-halving")],
)
def test_names_of_earlier_tools_lead_to_the_same_schedulers(alias, name):
    assert resolve("trial_scheduler", alias).factory() is resolve("trial_scheduler", name).factory()
