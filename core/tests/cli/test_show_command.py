import json
import math

import pytest
from core.tests.plots.recorded_run import finished_status, record_run

from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.cli.main import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path))
    records = [
        ("train", 0, 1.0, {"loss": 0.5, "entropy": 0.7}),
        ("test", 0, 1.5, {"return": 475.0}),
        ("train", 1, 2.0, {"loss": 0.25}),
    ]
    run = record_run(tmp_path, "ppo-1", records=records)
    store = CheckpointStore(run.checkpoints, Retention())
    store.save(
        lambda directory: (directory / "state.json").write_text("{}"),
        completed={"train": 2},
        metrics_size=10,
        reported={"metric": "return", "value": 475.0, "mode": "max"},
        kept=False,
    )
    run.artifacts.mkdir()
    (run.artifacts / "curve.png").write_bytes(b"x" * 2500)
    (run.artifacts / ".half.writing.png").write_bytes(b"x")
    return run


def shown(capsys, *words):
    assert main(["show", *words]) == 0
    return capsys.readouterr().out


def test_shows_what_was_asked_how_it_went_and_what_it_left(run, capsys):
    lines = [" ".join(line.split()) for line in shown(capsys, "ppo-1").splitlines()]
    assert lines[0] == "ppo-1"
    for line in (
        "trainer ppo (mlkernel-rl 0.1.0)",
        "state finished",
        "best return 475 (max)",
        "train 100/100",
        "inner loop fused",
        "Newest metrics of train, iteration 1",
        "loss 0.25",
        "entropy 0.7",
        "return 475",
        "curve.png 2.5 kB",
        "trainer.env.name CartPole-v1",
        "run.seed 0",
        "torch 2.13.0",
        "command kernel run --trainer ppo",
    ):
        assert line in lines
    assert any(line.startswith("000001") and line.endswith("return 475") for line in lines)
    assert not any("half" in line for line in lines)


def test_json_holds_the_same(run, capsys):
    description = json.loads(shown(capsys, "latest", "--json"))
    assert description["metrics"]["train"] == {
        "iteration": 1,
        "time": 2.0,
        "metrics": {"loss": 0.25, "entropy": 0.7},
    }
    assert description["configuration"]["trainer.lr"] == 0.001
    assert description["checkpoints"][0]["completed"] == {"train": 2}
    assert description["artifacts"] == {"curve.png": 2500}
    assert description["notes"] == {"inner loop": "fused"}
    assert [attempt["outcome"] for attempt in description["attempts"]] == ["finished"]


def test_json_stays_json_when_a_metric_is_not_a_number(tmp_path, capsys):
    record_run(tmp_path, "ppo-2", records=[("train", 0, 1.0, {"loss": math.nan, "return": math.inf})])

    def refuse(constant):
        raise AssertionError(constant)

    out = shown(capsys, "ppo-2", "--json", "--runs", str(tmp_path))
    metrics = json.loads(out, parse_constant=refuse)["metrics"]["train"]["metrics"]
    assert metrics == {"loss": None, "return": None}


def test_says_why_a_run_failed(tmp_path, capsys):
    status = finished_status()
    status.state, status.reason = "failed", "ValueError: no such environment"
    record_run(tmp_path, "ppo-3", status=status)
    assert "failed: ValueError: no such environment" in shown(capsys, "ppo-3", "--runs", str(tmp_path))


def test_an_unknown_run_is_suggested(run, capsys):
    assert main(["show", "pop-1"]) == 2
    assert "Did you mean ppo-1?" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["plan.json", "status.json", "metrics.jsonl"])
def test_damaged_records_are_named(run, capsys, file):
    (run.path / file).write_text("{\n{\n")
    assert main(["show", "ppo-1"]) == 2
    error = capsys.readouterr().err
    assert "ppo-1" in error
    assert "damaged" in error or "no readable plan" in error


def test_a_torn_last_line_of_metrics_is_no_damage(run, capsys):
    with run.metrics.open("a") as file:
        file.write('{"phase": "tr')
    assert "entropy" in shown(capsys, "ppo-1")
