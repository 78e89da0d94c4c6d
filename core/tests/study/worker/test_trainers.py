"""Kernel trainers as targets: run directories, listeners, boundaries, checkpoints of others."""

from __future__ import annotations

import json
import signal
import textwrap

import pytest

from mlkernel import read_metrics
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import read_status
from mlkernel.study.worker.messages import Continue, Pause, Stop

from .small_driver import PATIENCE, SmallDriver, order, start_worker, train

TRAINER = """
from attrs import frozen
from mlkernel import Trainer, option

@frozen(kw_only=True)
class Config:
    iterations: int = option(6, help="of the loop")
    rate: float = option(1.0, help="added in each")
    rest: float = option(0.0, help="seconds of each")
    summit: float = option(1e9, help="where it stops by itself")
    after: bool = option(False, help="report after the loop only")

class Climber(Trainer):
    Config = Config

    def __init__(self, run):
        super().__init__(run)
        self.height = 0.0

    def state_dict(self):
        return {"height": self.height}

    def load_state_dict(self, state):
        self.height = state["height"]

    def train(self):
        import time
        for iteration in self.run.loop("train", self.config.iterations):
            time.sleep(self.config.rest)
            self.height += self.config.rate * (1 + 0 * self.run.random("wind").random())
            iteration.log(wind=0.5)
            if self.height >= self.config.summit:
                self.run.request_stop("at the summit")
            if not self.config.after:
                self.run.report("height", self.height)
        if self.config.after:
            self.run.report("height", self.height)
"""
LISTENER = """
    import os
    from pathlib import Path
    from mlkernel import Descriptor, hookimpl

    counter = Descriptor(name="counter", summary="Counts iterations.", factory="acme:Counter")

    class Counter:
        count = 0

        @hookimpl
        def on_iteration_ended(self):
            self.count += 1
            Path(os.environ["HEARD"]).write_text(str(self.count))
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "climber.py").write_text(textwrap.dedent(TRAINER))
    return tmp_path


def climb(study, **fields):
    return order(study, "./climber.py:Climber", **{"objectives": [["height", "max"]], **fields})


def test_a_trainer_reports_each_iteration_into_a_run_directory(study):
    driver = train(study, climb(study, seed=5, parameters={"trainer.rate": 2.0}, set={"iterations": 3}))
    assert [(one.step, one.values[0], one.metrics) for one in driver.reports] == [
        (step, 2.0 * step, {"wind": 0.5}) for step in (1, 2, 3)
    ]
    assert driver.end.state == "finished"
    run = RunDirectory(study / "runs" / "000000-0")
    plan = json.loads(run.plan.read_text())
    assert (plan["run_id"], plan["config"]["run"]["seed"]) == ("000000-0", 5)
    assert read_status(run).state == "finished"


def test_values_that_are_only_logged_count_as_well(study):
    driver = train(study, climb(study, objectives=[["height", "max"], ["wind", "min"]]))
    assert driver.reports[-1].values == (6.0, 0.5)


def test_what_is_reported_after_the_loop_is_the_last_report(study):
    driver = train(study, climb(study, parameters={"after": True}))
    assert [(one.step, one.values[0]) for one in driver.reports] == [(6, 6.0)]


def test_a_run_stops_at_the_boundary_of_the_answer(study):
    driver = train(
        study, climb(study), decide=lambda one: Stop(reason="worst") if one.step == 2 else Continue()
    )
    assert (len(driver.reports), driver.end.state) == (2, "stopped")
    status = read_status(RunDirectory(study / "runs" / "000000-0"))
    assert (status.state, status.reason, status.progress["train"]) == ("stopped", "worst", (2, 6))


def test_what_a_trainer_reached_that_stopped_by_itself_counts(study):
    driver = train(study, climb(study, set={"summit": 3.0}))
    assert (driver.values, driver.end.state, driver.end.error) == ([1, 2, 3], "stopped", None)


def test_a_paused_run_goes_on_where_it_was(study):
    orders = [climb(study, until=2), climb(study, until=4, resume=True), climb(study, resume=True)]
    driver = train(study, *orders)
    assert [end.state for end in driver.ends] == ["paused", "paused", "finished"]
    assert driver.values == [1, 2, 3, 4, 5, 6]


def test_an_attempt_that_was_lost_at_its_pause_is_not_trained_beyond_it(study):
    driver = train(
        study, climb(study, until=2), climb(study, until=2, resume=True), climb(study, resume=True)
    )
    assert [end.state for end in driver.ends] == ["paused", "paused", "finished"]
    assert driver.values == [1, 2, 3, 4, 5, 6]


def test_an_attempt_that_was_lost_at_the_last_step_reports_nothing_beyond_it(study):
    driver = train(study, climb(study, max_step=4), climb(study, max_step=4, resume=True))
    assert [end.state for end in driver.ends] == ["finished", "finished"]
    assert [one.step for one in driver.reports] == [1, 2, 3, 4]


def test_the_last_step_of_the_study_finishes_a_longer_run(study):
    driver = train(study, climb(study, max_step=4))
    assert (driver.end.state, driver.reports[-1].step) == ("finished", 4)


def test_a_run_goes_on_from_the_checkpoint_of_another(study):
    source = climb(study, trial=0, parameters={"rate": 10.0})
    loser = climb(study, trial=1, parameters={"rate": 1.0})
    exploit = climb(study, trial=1, parameters={"rate": 3.0}, source=source.directory, resume=True)

    def decide(report):
        return Pause() if report.step == 2 and report.values[0] < 21 else Continue()

    driver = train(study, source, loser, exploit, decide=decide)
    assert [end.state for end in driver.ends] == ["paused", "paused", "finished"]
    assert driver.values == [10, 20, 1, 2, 23, 26, 29, 32]
    copied = read_metrics(study / "runs" / "000001-0")
    assert [iteration for iteration, _ in copied.series("wind")] == list(range(6))


def test_a_run_without_checkpoint_cannot_be_gone_on_from(study):
    empty = study / "runs" / "000009-0"
    driver = train(study, climb(study, source=str(empty)))
    assert (driver.end.state, driver.end.retry) == ("failed", False)
    assert f"{empty} has no intact checkpoint" in driver.end.error


def test_sigterm_stops_a_run_at_its_boundary_and_says_so(study):
    with SmallDriver(study) as driver, start_worker(study, cwd=study) as worker:
        driver.drive(
            [climb(study, set={"iterations": 400, "rest": 0.02})], until=lambda: len(driver.reports) == 2
        )
        worker.send_signal(signal.SIGTERM)
        driver.drive([])
        worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 75
    assert (driver.end.state, driver.end.error) == ("paused", "SIGTERM")
    assert len(driver.reports) < 400


def test_a_wrong_option_fails_at_once_and_for_good(study):
    driver = train(study, climb(study, parameters={"trainer.rat": 2.0}))
    assert (driver.end.state, driver.end.retry, driver.reports) == ("failed", False, [])
    assert "trainer.rat" in driver.end.error
    assert "rate" in driver.end.error
    assert "\n" not in driver.end.error


def test_folds_need_a_trainer_that_knows_them(study):
    end = train(study, climb(study, fold=0, folds=3)).end
    assert (end.state, end.retry) == ("failed", False)
    assert "trainer.fold" in end.error


def test_a_listener_that_is_installed_hears_of_the_run(site_folder, tmp_path, monkeypatch):
    (tmp_path / "climber.py").write_text(TRAINER)
    site_folder.install("acme", {"acme": LISTENER}, {"mlkernel.listeners": {"counter": "acme:counter"}})
    for name, value in site_folder.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEARD", str(tmp_path / "heard.txt"))
    train(tmp_path, climb(tmp_path, until=2))
    assert (tmp_path / "heard.txt").read_text() == "2"


def test_a_run_whose_worker_was_killed_reports_the_same_again(study):
    asked = climb(study, set={"iterations": 8, "rest": 0.05, "checkpoint.every_iterations": 2})
    with SmallDriver(study) as driver:
        with start_worker(study, cwd=study) as worker:
            driver.drive([asked], until=lambda: len(driver.reports) == 5)
            worker.kill()
            worker.communicate()
        before = len(driver.reports)
    again = train(study, climb(study, attempt=2, resume=True, set=asked.set))
    assert [one.step for one in again.reports] == list(range(int(again.reports[0].step), 9))
    assert 2 < again.reports[0].step <= before + 1, "it went on from a checkpoint"
    assert all(one.values[0] == one.step for one in driver.reports + again.reports)
