"""Runs whose directory is chosen, with values that are no text, stopped by a listener at its boundary."""

from __future__ import annotations

import pytest

from mlkernel import UsageError, hookimpl, resume_run, start_run
from mlkernel.config.layers import Assignment
from mlkernel.records.run_directory import RunDirectory
from mlkernel.run.plan import read_plan
from mlkernel.testing.tiny_trainer import TinyTrainer

TINY = f"{TinyTrainer.__module__}:TinyTrainer"
QUIET = "run.progress_bar=none"
RATE = Assignment(path="learning_rate", value=0.05, origin="trial 3")


class StopAtSecond:
    """Asks for a stop when the second iteration ended."""

    @hookimpl
    def on_iteration_ended(self, run, phase, completed):
        if (phase, completed) == ("train", 2):
            run.request_stop("enough")


def start(runs, **more):
    return start_run(TINY, overrides=[QUIET, RATE], runs=runs, run_id="000003-0", **more)


def test_a_run_has_the_name_and_the_values_that_it_was_given(tmp_path):
    (tmp_path / "000003-0").mkdir()
    outcome = start(tmp_path, listeners=[])
    plan = read_plan(RunDirectory(outcome.directory).plan)
    assert outcome.directory == tmp_path / "000003-0"
    assert (plan.run_id, plan.config["trainer"]["learning_rate"]) == ("000003-0", 0.05)


def test_a_run_that_was_started_is_neither_started_again_nor_removed(tmp_path):
    first = start(tmp_path, listeners=[StopAtSecond()])
    with pytest.raises(UsageError, match="there is a run in"):
        start(tmp_path, listeners=[])
    assert resume_run(first.directory, overrides=[RATE], listeners=[]).status.state == "finished"


def test_a_listener_stops_a_run_at_the_boundary_that_it_hears_of(tmp_path):
    outcome = start(tmp_path, listeners=[StopAtSecond()])
    assert (outcome.status.state, outcome.reason) == ("stopped", "enough")
    assert outcome.status.progress["train"] == (2, 6)


def test_a_wrong_origin_is_named(tmp_path):
    with pytest.raises(UsageError, match="trial 7"):
        start_run(
            TINY, overrides=[Assignment(path="learning_rate", value="fast", origin="trial 7")], runs=tmp_path
        )
    assert list(tmp_path.iterdir()) == []
