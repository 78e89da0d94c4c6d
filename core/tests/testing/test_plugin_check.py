"""The front ends of the checks: results for programs, parameters for pytest, expected failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel import UsageError
from mlkernel.testing import check_plugin, parametrize_with_checks

BROKEN = Path(__file__).with_name("broken_trainers.py")
PHASES = "phases_tell_the_totals"


def test_every_component_of_the_core_keeps_its_contract() -> None:
    for kind, name in [("progress_bar", "plain"), ("progress_bar", "rich"), ("progress_bar", "none")]:
        assert [result for result in check_plugin(name, kind=kind) if not result.passed] == []
    assert [result for result in check_plugin("numpy", kind="state_codec") if not result.passed] == []


def test_a_failure_is_a_result_with_its_reason() -> None:
    results = {result.name: result for result in check_plugin(f"{BROKEN}:AnnouncesNothing")}
    assert results[PHASES].outcome == "failed"
    assert "'train'" in results[PHASES].message
    assert [name for name, result in results.items() if not result.passed] == [PHASES]


def test_a_declared_failure_passes_and_keeps_its_reason() -> None:
    results = check_plugin(f"{BROKEN}:AnnouncesNothing", expected_failures={PHASES: "open-ended by design"})
    assert all(result.passed for result in results)
    assert ("failed as expected", "open-ended by design") in [(r.outcome, r.message) for r in results]


def test_a_declared_failure_that_does_not_happen_is_wrong() -> None:
    results = check_plugin(f"{BROKEN}:Sound", expected_failures={PHASES: "no reason"})
    assert [result.outcome for result in results if not result.passed] == ["passed unexpectedly"]


def test_a_declared_failure_of_no_check_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match=f"phases_tell_totals.*\n.*{PHASES}"):
        check_plugin(f"{BROKEN}:Sound", expected_failures={"phases_tell_totals": "misspelt"})


def test_a_declared_failure_is_a_strict_xfail_in_pytest() -> None:
    (mark,) = [
        mark
        for parameter in parametrize_with_checks(f"{BROKEN}:Sound", expected_failures={PHASES: "why"}).args[1]
        if parameter.id == PHASES
        for mark in parameter.marks
    ]
    assert mark.name == "xfail"
    assert mark.kwargs == {"reason": "why", "strict": True}
