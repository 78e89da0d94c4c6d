"""What the recorders hear of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel.hookspecs import FAMILIES
from mlkernel.testing import CheckFailed, Event, EventRecorder, ProgressRecorder, run_in_process
from mlkernel.testing.event_order import check_event_order

TINY = "mlkernel.testing.tiny_trainer:TinyTrainer"


def test_every_notification_is_heard() -> None:
    notifications = {name for family in FAMILIES for name in vars(family) if name.startswith("on_")}
    assert notifications == {name for name in vars(EventRecorder) if name.startswith("on_")}


def test_a_run_is_recorded_with_its_arguments(tmp_path: Path) -> None:
    run = run_in_process(TINY, ["iterations=2"], runs=tmp_path)
    recorder = run.recorder
    assert recorder.names()[0] == "on_run_started"
    assert recorder.names()[-1] == "on_run_finished"
    assert recorder.calls("on_phase_started")[0] == {"phase": "train", "total": 2, "completed": 0}
    assert [call["metric"] for call in recorder.calls("on_metric_reported")] == ["test_error"]
    assert recorder.calls("on_artifact_kept")[0]["path"].read_text(encoding="utf-8").count(" ") == 1


def test_progress_is_recorded_as_a_bar_sees_it(tmp_path: Path) -> None:
    progress = ProgressRecorder()
    run = run_in_process(TINY, ["iterations=2"], runs=tmp_path, listeners=[progress])
    assert progress.calls[0] == ("start", run.directory.name, {"train": 2, "test": 1})
    assert ("phase_started", "train/half", 2, 0, 1) in progress.calls
    assert ("describe", "train", "fitting") in progress.calls
    assert progress.calls[-1] == ("close", "finished")


def phase_event(name: str, **arguments: object) -> Event:
    return Event(f"on_{name}", {"phase": "train", **arguments})


START = [Event("on_run_started", {}), phase_event("phase_started", total=2, completed=0)]
END = Event("on_run_finished", {})


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([], "never told"),
        ([END], "before the start"),
        ([START[0], START[0]], "came twice"),
        ([*START, END], "while train was running"),
        ([START[0], END, START[1]], "after the end"),
        ([*START, phase_event("iteration_ended", completed=2)], "came after 0 iterations"),
        ([*START, Event("on_phase_ended", {"phase": "test"})], "train was the innermost"),
        ([START[0], Event("on_checkpoint_restored", {})], "after the start"),
    ],
)
def test_an_order_that_makes_no_sense_is_found(events: list[Event], message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        check_event_order(events)
