"""What TensorBoard's own reader finds in the event files."""

from __future__ import annotations

import math
from pathlib import Path

import attrs
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mlkernel import RunFacts, TrackedRecord, TrackedRun
from mlkernel_tensorboard.tensorboard_config import TensorboardConfig
from mlkernel_tensorboard.tensorboard_tracker import TensorboardTracker

RUN = TrackedRun(
    key="0" * 32,
    name="ppo-1",
    directory=Path("unused"),
    created=1000.0,
    parameters={"trainer.lr": 0.1, "trainer.layers": "[64, 64]", "trainer.clip": None, "trainer.flag": True},
    tags={"seed": "3"},
)


def record(number: int, value: float, phase: str | None = "train") -> TrackedRecord:
    metrics = {"loss": value, "accuracy": 0.5}
    return TrackedRecord(number=number, phase=phase, step=number, time=1000.5 + number, metrics=metrics)


@pytest.fixture
def tracker(tmp_path):
    tracker = TensorboardTracker(TensorboardConfig(directory=str(tmp_path)), RUN, None)
    yield tracker
    tracker.close()


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return events


def text(events: EventAccumulator, tag: str) -> list[str]:
    return [event.tensor_proto.string_val[0].decode() for event in events.Tensors(tag)]


def test_scalars_have_steps_and_times(tracker, tmp_path):
    values = [0.25, math.nan, math.inf, -math.inf]
    tracker.log([record(number, value) for number, value in enumerate(values)])
    tracker.close()
    events = read(tmp_path / "ppo-1").Scalars("train/loss")
    assert [event.step for event in events] == [0, 1, 2, 3]
    assert [event.wall_time for event in events] == [1000.5, 1001.5, 1002.5, 1003.5]
    assert events[0].value == 0.25
    assert math.isnan(events[1].value)
    assert [event.value for event in events[2:]] == [math.inf, -math.inf]


def test_a_batch_can_be_read_as_soon_as_it_is_delivered(tracker, tmp_path):
    tracker.log([record(0, 1.0)])
    assert len(read(tmp_path / "ppo-1").Scalars("train/accuracy")) == 1
    tracker.close()


def test_parameters_tags_and_facts_are_text(tracker, tmp_path):
    facts = RunFacts(state="failed", reason="ValueError: a|b", attempts=2, results={"reward": 195.0})
    tracker.describe(facts)
    tracker.close()
    events = read(tmp_path / "ppo-1")
    assert "| trainer.layers | [64, 64] |" in text(events, "run/parameters")[0]
    assert "| seed | 3 |" in text(events, "run/tags")[0]
    (status,) = text(events, "run/status")
    assert "| state | failed |" in status
    assert "| reason | ValueError: a\\|b |" in status
    assert "| reward | 195 |" in status


def test_parameters_can_be_compared(tracker, tmp_path):
    tracker.close()
    plugin = pytest.importorskip("tensorboard.plugins.hparams.metadata")
    metadata = read(tmp_path / "ppo-1").SummaryMetadata(plugin.SESSION_START_INFO_TAG)
    started = plugin.parse_session_start_info_plugin_data(metadata.plugin_data.content)
    assert started.hparams["trainer.lr"].number_value == 0.1
    assert started.hparams["trainer.flag"].bool_value
    assert started.hparams["trainer.clip"].string_value == "null"


def test_a_new_follower_begins_anew_in_the_same_place(tracker, tmp_path):
    tracker.log([record(0, 1.0), record(1, 2.0)])
    watching = read(tmp_path / "ppo-1")
    again = TensorboardTracker(TensorboardConfig(directory="elsewhere"), RUN, tracker.memory)
    again.log([record(0, 1.0), record(1, 3.0), record(2, 4.0)])
    again.close()
    assert len(list((tmp_path / "ppo-1").glob("events.*"))) == 1
    assert [event.value for event in read(tmp_path / "ppo-1").Scalars("train/loss")] == [1.0, 3.0, 4.0]
    watching.Reload()
    assert [event.value for event in watching.Scalars("train/loss")] == [
        1.0,
        2.0,
    ]  # its file is gone, not torn


def test_runs_of_one_name_do_not_remove_each_other(tracker, tmp_path):
    tracker.log([record(0, 1.0)])
    namesake = attrs.evolve(RUN, key="1" * 32)
    TensorboardTracker(TensorboardConfig(directory=str(tmp_path)), namesake, None).close()
    assert len(list((tmp_path / "ppo-1").glob("events.*"))) == 2


def test_a_run_directory_that_moved_keeps_its_event_file_inside(tmp_path):
    former, here = (attrs.evolve(RUN, directory=tmp_path / name) for name in ("former", "here"))
    first = TensorboardTracker(TensorboardConfig(), former, None)
    first.close()
    former.directory.rename(here.directory)
    TensorboardTracker(TensorboardConfig(), here, first.memory).close()
    assert len(list((here.directory / "tensorboard").iterdir())) == 1
    assert not former.directory.exists()


def test_files_of_others_are_left_alone(tmp_path):
    foreign = tmp_path / "ppo-1" / "events.out.tfevents.1.host.1.0"
    foreign.parent.mkdir()
    foreign.write_bytes(b"")
    TensorboardTracker(TensorboardConfig(directory=str(tmp_path)), RUN, None).close()
    assert foreign.exists()
