import json

import pytest
from core.tests.plots.recorded_run import finished_status, record_run

from mlkernel.cli.main import main


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path))
    record_run(tmp_path, "slow", values={"lr": 0.1, "clip": None}, records=[("train", 0, 1.0, {"loss": 0.5})])
    record_run(
        tmp_path,
        "fast",
        seed=1,
        values={"lr": 0.2, "clip": 0.5},
        status=finished_status(500.0),
        records=[("train", 0, 1.0, {"loss": 0.25}), ("train", 1, 2.0, {"loss": 0.125, "kl": 0.01})],
    )
    return tmp_path


def compared(capsys, *words):
    assert main(["compare", *words]) == 0
    return capsys.readouterr().out


def test_tells_differing_values_and_results_side_by_side(capsys):
    rows = [line.split("  ") for line in compared(capsys, "slow", "fast").splitlines()]
    rows = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    for row in (
        ["result", "slow", "fast"],
        ["state", "finished", "finished"],
        ["best return", "475", "500"],
        ["train: loss", "0.5", "0.125"],
        ["train: kl", "-", "0.01"],
        ["trainer.lr", "0.1", "0.2"],
        ["trainer.clip", "-", "0.5"],
        ["run.seed", "0", "1"],
        ["Versions: no difference"],
    ):
        assert row in rows
    assert not any(row[:1] == ["checkpoint.keep_last"] for row in rows)


def test_json_has_a_value_for_each_run_in_their_order(capsys):
    comparison = json.loads(compared(capsys, "fast", "slow", "--json"))
    assert [run["id"] for run in comparison["runs"]] == ["fast", "slow"]
    assert comparison["configuration"]["trainer.lr"] == [0.2, 0.1]
    assert comparison["best"] == {"return": [500.0, 475.0]}
    assert comparison["final"] == {"train: loss": [0.125, 0.5], "train: kl": [0.01, None]}
    assert comparison["versions"] == {}


def test_versions_that_differ_are_told(runs, capsys):
    plan = json.loads((runs / "fast" / "plan.json").read_text())
    plan["provenance"]["packages"]["torch"] = "2.12.0"
    (runs / "fast" / "plan.json").write_text(json.dumps(plan))
    assert json.loads(compared(capsys, "fast", "slow", "--json"))["versions"] == {
        "torch": ["2.12.0", "2.13.0"]
    }


@pytest.mark.parametrize(
    ("words", "message"), [(["slow"], "Name two or more"), (["slow", "fats"], "Did you mean fast")]
)
def test_wrong_input_is_explained(capsys, words, message):
    assert main(["compare", *words]) == 2
    assert message in capsys.readouterr().err
