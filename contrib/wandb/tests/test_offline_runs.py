"""What lies in the files that W&B writes offline."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mlkernel import RunFacts, TrackedRecord, TrackedRun
from mlkernel_wandb.wandb_config import WandbConfig
from mlkernel_wandb.wandb_tracker import WandbTracker

from .stored_rows import history, only_file, records, summary


def run(folder: Path, **fields) -> TrackedRun:
    given = {"key": "abc123", "name": "ppo-1", "directory": folder / "ppo-1", "created": 1000.0, **fields}
    return TrackedRun(**given)


def record(number: int, value: float, phase: str | None = "train") -> TrackedRecord:
    return TrackedRecord(
        number=number, phase=phase, step=number % 3, time=1000.5 + number, metrics={"loss": value}
    )


@pytest.fixture(autouse=True)
def no_account(monkeypatch, tmp_path):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_metrics_have_steps_and_times(tmp_path):
    tracker = WandbTracker(WandbConfig(), run(tmp_path), None)
    values = [0.25, math.nan, math.inf, -math.inf]
    tracker.log([record(number, value) for number, value in enumerate(values)])
    tracker.close()
    rows = history(only_file(tmp_path))
    assert [row["_step"] for row in rows] == [0, 1, 2, 3]
    assert [row["train/step"] for row in rows] == [0, 1, 2, 0]
    assert [row["_timestamp"] for row in rows] == [1000.5, 1001.5, 1002.5, 1003.5]
    assert rows[0]["train/loss"] == 0.25
    assert math.isnan(rows[1]["train/loss"])
    assert [row["train/loss"] for row in rows[2:]] == [math.inf, -math.inf]


def test_metrics_are_drawn_over_the_steps_of_their_phase(tmp_path):
    tracker = WandbTracker(WandbConfig(), run(tmp_path), None)
    tracker.log([record(0, 1.0), record(1, 1.0, "test"), record(2, 1.0)])
    tracker.close()
    defined = [metric for metric in records(only_file(tmp_path), "metric") if metric.glob_name]
    axes = {metric.glob_name: metric.step_metric for metric in defined}
    assert axes == {"train/*": "train/step", "test/*": "test/step"}


def test_configuration_group_and_facts(tmp_path):
    tracked = run(tmp_path, group="study", parameters={"trainer.lr": 0.1}, tags={"seed": "3"})
    tracker = WandbTracker(WandbConfig(project="cartpole"), tracked, None)
    tracker.describe(RunFacts(state="failed", reason="ValueError: no", attempts=2, results={"reward": 195.0}))
    tracker.close()
    path = only_file(tmp_path)
    (introduced,) = records(path, "run")
    assert (introduced.project, introduced.run_group, introduced.run_id) == ("cartpole", "study", "abc123")
    config = {item.key: json.loads(item.value_json) for item in introduced.config.update}
    assert config["trainer.lr"] == 0.1
    assert config["mlkernel.seed"] == "3"
    found = summary(path)
    assert (found["state"], found["reason"], found["best/reward"]) == ("failed", "ValueError: no", 195.0)
    assert [ended.exit_code for ended in records(path, "exit")] == [1]


def test_a_new_follower_begins_anew_in_the_same_place(tmp_path):
    first = WandbTracker(WandbConfig(), run(tmp_path), None)
    first.log([record(0, 1.0), record(1, 2.0)])
    first.close()
    again = WandbTracker(WandbConfig(project="other"), run(tmp_path), first.memory)
    again.log([record(0, 1.0), record(1, 3.0), record(2, 4.0)])
    again.close()
    path = only_file(tmp_path)
    assert [row["train/loss"] for row in history(path)] == [1.0, 3.0, 4.0]
    assert [introduced.run_id for introduced in records(path, "run")] == ["abc123"]


def test_a_run_directory_that_moved_keeps_its_offline_run_inside(tmp_path):
    first = WandbTracker(WandbConfig(), run(tmp_path), None)
    first.close()
    (tmp_path / "ppo-1").rename(tmp_path / "moved")
    again = WandbTracker(WandbConfig(), run(tmp_path, directory=tmp_path / "moved"), first.memory)
    again.log([record(0, 1.0)])
    again.close()
    assert [row["train/loss"] for row in history(only_file(tmp_path / "moved"))] == [1.0]
    assert not (tmp_path / "ppo-1").exists()


def test_several_runs_at_once_stay_apart(tmp_path):
    one, two = (
        WandbTracker(WandbConfig(), run(tmp_path, key=key, directory=tmp_path / key), None)
        for key in ("one", "two")
    )
    one.log([record(0, 1.0)])
    two.log([record(0, 2.0)])
    one.close()
    two.close()
    assert [row["train/loss"] for row in history(only_file(tmp_path / "one"))] == [1.0]
    assert [row["train/loss"] for row in history(only_file(tmp_path / "two"))] == [2.0]
