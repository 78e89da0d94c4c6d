"""Each check of a trainer fails for the trainer that breaks its promise, and for no other reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel.testing import Check, CheckFailed, parametrize_with_checks
from mlkernel.testing.plugin_check import checks_of

BROKEN = Path(__file__).with_name("broken_trainers.py")
TINY = "mlkernel.testing.tiny_trainer:TinyTrainer"


def check_of(trainer: str, name: str) -> Check:
    return next(check for check in checks_of(f"{BROKEN}:{trainer}") if check.name == name)


@parametrize_with_checks(f"{BROKEN}:Sound")
def test_a_sound_trainer_passes(check: Check) -> None:
    check()


def test_a_trainer_that_logs_seldom_passes() -> None:
    check_of("LogsLate", "trains_and_logs_metrics")()


@parametrize_with_checks(TINY, overrides=["iterations=1"])
def test_a_trainer_with_nested_loops_that_finishes_passes(check: Check) -> None:
    check()


@parametrize_with_checks(TINY)
def test_a_trainer_that_is_cut_short_passes(check: Check) -> None:
    check()


@pytest.mark.parametrize(
    ("trainer", "check", "message"),
    [
        ("LogsNothing", "trains_and_logs_metrics", "nothing was logged"),
        ("DependsOnTheProcess", "same_seed_gives_same_run", "logs other metrics, first in record 1"),
        ("DependsOnTheHashSeed", "other_hash_seed_gives_same_run", "PYTHONHASHSEED"),
        ("RefusesToStop", "stops_at_the_next_boundary", "asked to stop in iteration 2, it made 5"),
        ("ForgetsItsState", "stopped_and_resumed_equals_uninterrupted", "first in record 3"),
        ("ForgetsItsState", "killed_and_resumed_equals_uninterrupted", "first in record 3"),
        ("ForgetsWhatItDoesNotLog", "stopped_and_resumed_equals_uninterrupted", "hidden: 3 instead of 5"),
        ("SwallowsExceptions", "failure_reaches_listeners_once", "swallowed"),
        ("AnnouncesTheWrongTotal", "phases_tell_the_totals", "says 7 for 'train'; its loop has 5"),
        ("AnnouncesNothing", "phases_tell_the_totals", "does not name the phase 'train'"),
    ],
)
def test_a_broken_promise_is_found(trainer: str, check: str, message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        check_of(trainer, check)()
