"""What MLflow's own client finds in its database."""

from __future__ import annotations

import math
from pathlib import Path
from uuid import uuid4

import pytest

from mlkernel import RunFacts, TrackedRecord, TrackedRun
from mlkernel_mlflow.mlflow_config import MlflowConfig
from mlkernel_mlflow.mlflow_library import MlflowClient
from mlkernel_mlflow.mlflow_tracker import MlflowTracker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow's use of SQLAlchemy


def run(**fields) -> TrackedRun:
    given = {
        "key": uuid4().hex,
        "name": "ppo-1",
        "directory": Path("/runs/ppo-1"),
        "created": 1000.0,
        **fields,
    }
    return TrackedRun(**given)


def record(number: int, value: float) -> TrackedRecord:
    return TrackedRecord(
        number=number, phase="train", step=number, time=1000.5 + number, metrics={"loss": value}
    )


@pytest.fixture
def client(database):
    return MlflowClient(database)


def stored(client, tracker):
    return client.get_run(tracker.memory["run"])


def losses(client, tracker):
    history = client.get_metric_history(tracker.memory["run"], "train/loss")
    return sorted((metric.step, metric.timestamp, metric.value) for metric in history)


def test_metrics_have_steps_and_times(client):
    tracker = MlflowTracker(MlflowConfig(experiment="metrics"), run(), None)
    tracker.log([record(0, 0.25), record(1, 0.125)])
    assert losses(client, tracker) == [(0, 1000500, 0.25), (1, 1001500, 0.125)]


def test_a_batch_that_is_sent_again_changes_nothing(client):
    tracked = run()
    tracker = MlflowTracker(MlflowConfig(experiment="again"), tracked, None)
    batch = [record(number, 1 / (1 + number)) for number in range(1000)]
    tracker.log(batch)
    killed_before_it_was_noted = MlflowTracker(MlflowConfig(experiment="again"), tracked, None)
    killed_before_it_was_noted.log(batch)
    assert killed_before_it_was_noted.memory == tracker.memory
    assert len(losses(client, tracker)) == 1000
    experiment = client.get_experiment_by_name("again")
    assert len(client.search_runs([experiment.experiment_id])) == 1


def test_what_is_not_finite_is_kept(client):
    tracker = MlflowTracker(MlflowConfig(experiment="not finite"), run(), None)
    tracker.log([record(0, math.nan), record(1, math.inf), record(2, -math.inf)])
    nan, plus, minus = losses(client, tracker)
    assert math.isnan(nan[2])
    assert plus[2] > 1e308  # MLflow stores the largest number instead
    assert minus[2] < -1e308


def test_options_are_parameters_and_the_rest_are_tags(client):
    tracked = run(parameters={"trainer.lr": 0.1, "trainer.clip": None, "x" * 300: 1}, tags={"seed": "3"})
    tracker = MlflowTracker(MlflowConfig(experiment="options"), tracked, None)
    facts = RunFacts(
        state="failed",
        reason="ValueError: no",
        attempts=2,
        results={"reward": 195.0},
        notes={"device": "cpu"},
        changes={"trainer.lr": "0.2"},
        artifacts=(Path("/runs/ppo-1/artifacts/curve.png"),),
    )
    tracker.describe(facts)
    found = stored(client, tracker)
    assert found.info.run_name == "ppo-1"
    assert found.info.status == "FAILED"
    assert found.data.params["trainer.lr"] == "0.1"
    assert found.data.params["trainer.clip"] == "null"
    assert len(found.data.params) == 3
    assert found.data.metrics == {"best/reward": 195.0}
    tags = found.data.tags
    assert tags["mlkernel.seed"] == "3"
    assert tags["mlkernel.reason"] == "ValueError: no"
    assert tags["note.device"] == "cpu"
    assert tags["changed.trainer.lr"] == "0.2"
    assert tags["artifact.curve.png"] == "/runs/ppo-1/artifacts/curve.png"


@pytest.mark.parametrize(
    ("state", "status"),
    [("running", "RUNNING"), ("finished", "FINISHED"), ("failed", "FAILED"), ("stopped", "KILLED")],
)
def test_states(client, state, status):
    tracker = MlflowTracker(MlflowConfig(experiment="states"), run(), None)
    tracker.describe(RunFacts(state=state, attempts=1))
    info = stored(client, tracker).info
    assert info.status == status
    assert (info.end_time is None) == (state == "running")


def test_a_run_that_goes_on_is_running_again(client):
    tracker = MlflowTracker(MlflowConfig(experiment="goes on"), run(), None)
    tracker.describe(RunFacts(state="stopped", attempts=1))
    tracker.describe(RunFacts(state="running", attempts=2))
    assert stored(client, tracker).info.status == "RUNNING"


def test_runs_are_nested_in_their_study(client):
    study = run(name="study")
    parent = MlflowTracker(MlflowConfig(experiment="study"), study, None)
    child = MlflowTracker(MlflowConfig(experiment="study"), run(group="study", group_key=study.key), None)
    assert stored(client, child).data.tags["mlflow.parentRunId"] == parent.memory["run"]


def test_artifacts_are_copied_when_that_is_wanted(client, database, tmp_path):
    paths = [tmp_path / "artifacts" / name for name in ("first/line.txt", "line.txt")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path}\n", encoding="utf-8")
    tracked = run(directory=tmp_path)
    tracker = MlflowTracker(MlflowConfig(experiment="artifacts", upload_artifacts=True), tracked, None)
    tracker.describe(RunFacts(state="running", attempts=1, artifacts=tuple(paths)))
    paths[1].write_text("again\n", encoding="utf-8")
    tracker.describe(RunFacts(state="finished", attempts=1, artifacts=tuple(paths)))
    copies = tmp_path / "copies"
    copies.mkdir()
    copied = Path(client.download_artifacts(tracker.memory["run"], "", str(copies)))
    files = {str(file.relative_to(copied)): file.read_text() for file in copied.rglob("*.txt")}
    beside = Path(database.removeprefix("sqlite:///")).with_name("mlruns")
    assert stored(client, tracker).info.artifact_uri.startswith(beside.as_uri())
    assert files == {"first/line.txt": f"{paths[0]}\n", "line.txt": "again\n"}
    tags = stored(client, tracker).data.tags
    assert tags["artifact.first/line.txt"] == str(paths[0])
    assert tags["artifact.line.txt"] == str(paths[1])


def test_names_that_mlflow_refuses_stay_apart(client):
    tracker = MlflowTracker(MlflowConfig(experiment="names"), run(), None)
    metrics = {"a(b)": 1.0, "a[b]": 2.0, "größe": 3.0}
    tracker.log([TrackedRecord(number=0, phase=None, step=0, time=1000.0, metrics=metrics)])
    found = stored(client, tracker).data.metrics
    assert sorted(found.values()) == [1.0, 2.0, 3.0]
    assert "größe" in found
