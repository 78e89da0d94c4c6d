"""The tracker keeps the contract of its kind."""

from __future__ import annotations

from mlkernel.testing import Check, parametrize_with_checks


@parametrize_with_checks("tensorboard", kind="tracker")
def test_it_keeps_the_contract(check: Check) -> None:
    check()
