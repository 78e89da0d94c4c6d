"""What every store promises."""

from __future__ import annotations

import math

import pytest

from mlkernel.errors import UnknownNameError, UsageError
from mlkernel.study.store.records import DriverRecord, TrialRecord
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.study_store import NewReportRecord, NewTrialRecord

POINT = {"trainer.lr": 0.01, "trainer.layers": [64, 64], "trainer.name": "größer", "trainer.none": None}
ME = "host-1-ab"


def add(
    store: SqlStore, count: int = 1, *, seeds: tuple[int, ...] = (0,), study: str = "s"
) -> list[TrialRecord]:
    runs = tuple((seed, None) for seed in seeds)
    return store.add_trials(
        study,
        ME,
        lambda first: [NewTrialRecord(parameters={"x": first + i}, runs=runs) for i in range(count)],
    )


def start(
    store: SqlStore, trial: int, place: int = 0, *, driver: str = ME, until: float | None = None, handle=None
):
    directory = f"runs/{trial}-{place}"
    return store.start_run("s", trial, place, driver=driver, directory=directory, until=until, handle=handle)


def report(store: SqlStore, trial: int, step: float, value: float = 1.0, **given):
    return store.report("s", trial, given.pop("place", 0), step=step, values=[value], metrics={}, **given)


@pytest.fixture
def study(store: SqlStore) -> SqlStore:
    store.create("s", {"trainer": "demo"})
    return store


def test_a_study_is_kept_with_its_configuration(store: SqlStore) -> None:
    store.create("first", {"trainer": "demo", "trials": 10, "space": {"lr": [0.1, 0.2]}})
    store.create("second", {})
    assert [study.name for study in store.studies()] == ["first", "second"]
    first = store.study("first")
    assert first.configuration == {"trainer": "demo", "trials": 10, "space": {"lr": [0.1, 0.2]}}
    assert (first.state, first.revision) == ("running", 0)
    assert abs(first.created - store.study("second").created) < 60


def test_a_study_has_its_name_alone(study: SqlStore) -> None:
    with pytest.raises(UsageError, match="there is a study 's'"):
        study.create("s", {})


def test_an_unknown_study_is_refused_with_a_similar_name(store: SqlStore) -> None:
    store.create("resnet-search", {})
    with pytest.raises(UnknownNameError, match="Did you mean resnet-search"):
        store.study("resnet-serach")
    with pytest.raises(UnknownNameError, match="no study 'x'"):
        add(store, study="x")


def test_a_revised_configuration_keeps_what_it_was(study: SqlStore) -> None:
    assert study.revise("s", {"trials": 20}).revision == 1
    assert study.revise("s", {"trials": 30}).configuration == {"trials": 30}
    assert study.revisions("s") == [{"trainer": "demo"}, {"trials": 20}]


def test_the_state_of_a_study_is_kept(study: SqlStore) -> None:
    study.set_state("s", "stopped")
    assert study.study("s").state == "stopped"


def test_a_deleted_study_leaves_nothing_and_others_stay(study: SqlStore) -> None:
    study.create("other", {})
    for name in ("s", "other"):
        add(study, study=name)
    start(study, 0)
    report(study, 0, 1)
    study.delete("s")
    assert [record.name for record in study.studies()] == ["other"]
    study.create("s", {})
    assert (list(study.trials("s")), list(study.reports("s")), study.counts("s")) == ([], [], {})
    assert len(list(study.trials("other"))) == 1


def test_trials_are_numbered_on_and_keep_their_points(study: SqlStore) -> None:
    new = NewTrialRecord(parameters=POINT, runs=((2**64 - 1, 0), (4, 1)), until=9)
    added = study.add_trials("s", ME, lambda _first: [new])
    more = add(study, 2)
    assert [trial.number for trial in more] == [1, 2]
    trials = list(study.trials("s"))
    assert trials == [*added, *more]
    assert trials[0].parameters == POINT
    assert list(trials[0].parameters) == list(POINT)
    assert [(run.seed, run.fold, run.place) for run in trials[0].runs] == [(2**64 - 1, 0, 0), (4, 1, 1)]
    assert trials[0].until == 9
    assert study.trial("s", 2) == trials[2]


def test_nothing_is_added_when_proposing_fails(study: SqlStore) -> None:
    def fail(_first: int) -> list[NewTrialRecord]:
        raise RuntimeError("no point")

    with pytest.raises(RuntimeError, match="no point"):
        study.add_trials("s", ME, fail)
    assert list(study.trials("s")) == []
    assert add(study)[0].number == 0


def test_who_proposes_may_read_the_study(study: SqlStore) -> None:
    add(study, 2)
    seen = []

    def propose(first: int) -> list[NewTrialRecord]:
        seen.extend(trial.number for trial in study.trials("s"))
        seen.append(study.counts("s")["waiting"])
        return [NewTrialRecord(parameters={"x": first}, runs=((0, None),))]

    study.add_trials("s", ME, propose)
    assert seen == [0, 1, 2]


def test_a_run_is_taken_once(study: SqlStore) -> None:
    add(study)
    run = start(study, 0, until=27)
    assert run is not None
    assert (run.state, run.attempt, run.driver, run.directory) == ("running", 1, ME, "runs/0-0")
    assert start(study, 0, driver="other") is None
    trial = study.trial("s", 0)
    assert (trial.state, trial.until, trial.runs) == ("running", 27, (run,))


def test_a_new_trial_may_start_at_once(study: SqlStore) -> None:
    new = NewTrialRecord(parameters={"x": 1}, runs=((3, None), (4, None)), until=9)
    handle = {"key": "worker-1"}
    added = study.add_trials("s", ME, lambda _first: [new], start_in="runs/{}".format, handle=handle)
    assert added == [study.trial("s", 0)]
    assert [run.handle for run in added[0].runs] == [handle, None]
    assert [(run.state, run.attempt, run.directory) for run in added[0].runs] == [
        ("running", 1, "runs/0"),
        ("waiting", 0, None),
    ]
    assert study.counts("s") == {"running": 1}
    assert start(study, 0, 0) is None
    assert start(study, 0, 1) is not None


def test_changes_made_together_are_kept_together(study: SqlStore) -> None:
    add(study)
    with study.together("s"):
        start(study, 0)
        report(study, 0, 1)
        study.end_run("s", 0, 0, "finished", values=[1.0])
        study.set_trial("s", 0, "finished", values=[1.0])
        add(study)
    assert study.counts("s") == {"finished": 1, "waiting": 1}


def test_of_changes_made_together_none_stays_after_an_exception(study: SqlStore) -> None:
    add(study)
    before = list(study.trials("s"))

    def change() -> None:
        with study.together("s"):
            start(study, 0)
            add(study)
            study.set_trial("s", 7, "finished")

    with pytest.raises(UsageError, match="trial 7"):
        change()
    assert list(study.trials("s")) == before
    assert list(study.reports("s")) == []
    add(study)


def test_a_run_of_a_trial_that_ended_is_not_started(study: SqlStore) -> None:
    add(study, seeds=(0, 1))
    study.set_trial("s", 0, "stopped")
    assert start(study, 0, 1) is None


def test_a_paused_run_is_started_again_without_its_old_handle(study: SqlStore) -> None:
    add(study)
    start(study, 0, handle={"launcher": "local", "pid": 7})
    assert study.trial("s", 0).runs[0].handle == {"launcher": "local", "pid": 7}
    study.end_run("s", 0, 0, "paused")
    study.set_trial("s", 0, "paused")
    run = start(study, 0)
    assert run is not None
    assert (run.attempt, run.handle) == (2, None)


def test_reports_are_kept_in_their_order(study: SqlStore) -> None:
    add(study, 2)
    for trial in (0, 1):
        start(study, trial)
    metrics = {"accuracy": 0.5, "spread": math.inf, "ratio": math.nan}
    assert study.report("s", 1, 0, step=1, values=[0.25, -1], metrics=metrics)
    assert report(study, 0, 1)
    assert report(study, 1, 2.5)
    reports = list(study.reports("s"))
    assert [(each.position, each.trial, each.step) for each in reports] == [(0, 1, 1), (1, 0, 1), (2, 1, 2.5)]
    assert reports[0].values == (0.25, -1)
    assert reports[0].metrics["accuracy"] == 0.5
    assert reports[0].metrics["spread"] == math.inf
    assert math.isnan(reports[0].metrics["ratio"])
    assert [each.position for each in study.reports("s", after=1)] == [2]
    assert study.trial("s", 1).runs[0].step == 2.5


def test_a_step_is_reported_once(study: SqlStore) -> None:
    add(study)
    start(study, 0)
    assert report(study, 0, 3, 1.0)
    assert not report(study, 0, 3, 2.0)
    assert not report(study, 0, 2, 2.0)
    assert [each.values for each in study.reports("s")] == [(1.0,)]


def test_who_lost_a_run_can_change_it_no_longer(study: SqlStore) -> None:
    add(study)
    start(study, 0)
    study.beat("s", DriverRecord(name=ME, host="host", pid=1, heartbeat=0))
    study.take_over("s", 0)
    start(study, 0, driver="other")
    assert not report(study, 0, 1, attempt=1)
    assert not study.end_run("s", 0, 0, "finished", values=[1.0], attempt=1)
    assert report(study, 0, 1, attempt=2)
    assert study.end_run("s", 0, 0, "finished", values=[2.0], attempt=2)
    assert study.trial("s", 0).runs[0].values == (2.0,)


def test_a_last_report_is_added_with_the_end_of_its_run_or_not_at_all(study: SqlStore) -> None:
    add(study)
    start(study, 0)
    report(study, 0, 1, 0.5)
    last = NewReportRecord(step=2.0, values=(0.25,), metrics={"accuracy": 0.75})
    assert not study.end_run("s", 0, 0, "finished", values=[0.25], report=last, attempt=7)
    assert [each.step for each in study.reports("s")] == [1]
    assert study.end_run("s", 0, 0, "finished", values=[0.25], report=last, attempt=1)
    assert [(each.position, each.step, each.values) for each in study.reports("s")] == [
        (0, 1, (0.5,)),
        (1, 2, (0.25,)),
    ]
    run = study.trial("s", 0).runs[0]
    assert (run.step, run.metrics, run.values) == (2, {"accuracy": 0.75}, (0.25,))


def test_the_end_of_a_run_is_kept(study: SqlStore) -> None:
    add(study, 2)
    for trial in (0, 1):
        start(study, trial)
    study.end_run("s", 0, 0, "finished", values=[0.5])
    study.end_run("s", 1, 0, "failed", error="broken \0 \udcff text")
    finished, failed = (study.trial("s", number).runs[0] for number in (0, 1))
    assert (finished.state, finished.values, finished.driver) == ("finished", (0.5,), None)
    assert finished.started is not None
    assert finished.ended is not None
    assert finished.started <= finished.ended
    assert (failed.state, failed.error) == ("failed", "broken \\0 \\udcff text")


def test_a_run_that_is_handed_back_waits_with_its_trial(study: SqlStore) -> None:
    add(study, seeds=(0, 1))
    for place in (0, 1):
        start(study, 0, place)
    study.end_run("s", 0, 0, "waiting", error="worker lost")
    assert study.trial("s", 0).state == "running"
    study.end_run("s", 0, 1, "waiting", error="worker lost")
    assert study.trial("s", 0).state == "waiting"
    assert study.counts("s") == {"waiting": 1}


def test_trials_have_their_place_in_the_order_of_their_ends(study: SqlStore) -> None:
    add(study, 3)
    study.set_trial("s", 2, "finished", values=[1.5, math.inf])
    study.set_trial("s", 0, "failed", reason="out of memory")
    assert [(trial.number, trial.sequence, trial.values) for trial in study.ends("s")] == [
        (2, 0, (1.5, math.inf)),
        (0, 1, None),
    ]
    assert [trial.reason for trial in study.ends("s", after=0)] == ["out of memory"]


def test_a_trial_that_ends_again_keeps_its_first_place(study: SqlStore) -> None:
    add(study, 2)
    study.set_trial("s", 0, "failed", reason="lost")
    study.set_trial("s", 1, "finished", values=[1.0])
    study.set_trial("s", 0, "waiting")
    assert [trial.number for trial in study.ends("s")] == [1]
    study.set_trial("s", 0, "finished", values=[2.0])
    assert study.trial("s", 0).sequence == 0
    assert [trial.number for trial in study.ends("s")] == [0, 1]


def test_a_change_of_a_trial_leaves_the_rest_as_it_is(study: SqlStore) -> None:
    add(study)
    study.set_trial("s", 0, "running", parameters={"x": 9}, until=3, parent=0)
    study.set_trial("s", 0, "paused")
    trial = study.trial("s", 0)
    assert (trial.parameters, trial.until, trial.parent, trial.state) == ({"x": 9}, 3, 0, "paused")


def test_counts_follow_the_trials(study: SqlStore) -> None:
    add(study, 4)
    assert study.counts("s") == {"waiting": 4}
    start(study, 0)
    study.set_trial("s", 1, "finished", values=[1])
    study.set_trial("s", 1, "finished", values=[1])
    study.set_trial("s", 2, "paused")
    assert study.counts("s") == {"waiting": 1, "running": 1, "finished": 1, "paused": 1}


def test_the_best_come_first(study: SqlStore) -> None:
    add(study, 6)
    for number, value in enumerate([3.0, 1.0, 2.0, 1.0]):
        study.set_trial("s", number, "finished", values=[value, -value])
    study.set_trial("s", 4, "stopped", values=[0.5, 9])
    study.set_trial("s", 5, "failed")
    assert [trial.number for trial in study.best("s", maximise=False, limit=3)] == [1, 3, 2]
    assert [trial.number for trial in study.best("s", maximise=True, limit=2)] == [0, 2]
    assert [trial.number for trial in study.best("s", 1, maximise=True, limit=3)] == [1, 3, 2]
    best = study.best("s", maximise=False, limit=1, states=("finished", "stopped"))[0]
    assert (best.number, len(best.runs)) == (4, 1)
    assert dict(study.values("s")) == {0: (3.0, -3.0), 1: (1.0, -1.0), 2: (2.0, -2.0), 3: (1.0, -1.0)}


def test_drivers_are_registered_until_they_leave(study: SqlStore) -> None:
    add(study)
    for name, pid in (("a", 1), ("b", 2)):
        study.beat("s", DriverRecord(name=name, host="host", pid=pid, heartbeat=0))
    assert [(driver.name, driver.pid) for driver in study.drivers("s")] == [("a", 1), ("b", 2)]
    assert study.drivers("s")[0].heartbeat > 1e9
    start(study, 0, driver="a")
    study.leave("s", "a")
    assert [driver.name for driver in study.drivers("s")] == ["b"]
    assert study.counts("s") == {"waiting": 1}
    assert start(study, 0, driver="b") is not None


def test_only_runs_of_silent_drivers_are_taken_over(study: SqlStore) -> None:
    add(study, seeds=(0, 1))
    study.beat("s", DriverRecord(name="a", host="host", pid=1, heartbeat=0))
    start(study, 0, 0, driver="a")
    start(study, 0, 1, driver="a", handle={"pid": 7})
    study.end_run("s", 0, 0, "finished", values=[1.0])
    assert study.take_over("s", 60) == []
    taken = study.take_over("s", 0)
    assert [(run.place, run.handle, run.driver) for run in taken] == [(1, {"pid": 7}, None)]
    assert study.drivers("s") == []
    assert [run.state for run in study.trial("s", 0).runs] == ["finished", "waiting"]


def test_the_position_changes_with_everything(study: SqlStore) -> None:
    changes = [
        lambda: add(study),
        lambda: start(study, 0),
        lambda: report(study, 0, 1),
        lambda: study.end_run("s", 0, 0, "finished", values=[1]),
        lambda: study.set_trial("s", 0, "finished", values=[1]),
        lambda: study.revise("s", {}),
    ]
    for change in changes:
        before = study.position("s")
        assert study.position("s") == before
        change()
        assert study.position("s") != before


@pytest.mark.parametrize(
    "change",
    [
        lambda store: start(store, 7),
        lambda store: report(store, 7, 1),
        lambda store: store.end_run("s", 7, 0, "finished"),
        lambda store: store.set_trial("s", 7, "finished"),
        lambda store: store.trial("s", 7),
    ],
    ids=["start", "report", "end", "change", "read"],
)
def test_what_does_not_exist_is_refused(study: SqlStore, change) -> None:
    with pytest.raises(UsageError, match="trial 7"):
        change(study)


def test_many_trials_are_read_in_their_order(study: SqlStore) -> None:
    add(study, 2300)
    assert [trial.parameters["x"] for trial in study.trials("s")] == list(range(2300))
    assert [trial.number for trial in study.trials("s", after=2297, with_runs=False)] == [2298, 2299]
