"""The state codecs keep the contract of their kind."""

from __future__ import annotations

from mlkernel.testing import Check, parametrize_with_checks


@parametrize_with_checks("torch", kind="state_codec")
def test_the_codec_of_tensors_keeps_it(check: Check) -> None:
    check()


@parametrize_with_checks("tensordict", kind="state_codec")
def test_the_codec_of_tensordicts_keeps_it(check: Check) -> None:
    check()
