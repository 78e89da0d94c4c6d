"""What other programs read of a study."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from mlkernel.errors import UsageError
from mlkernel.study.exports import export_study
from mlkernel.study.store.sql_store import SqlStore


def test_the_ending_tells_the_format_or_must(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tells no format"):
        export_study(store, "demo", tmp_path / "demo")
    with pytest.raises(UsageError, match="no format 'xml'"):
        export_study(store, "demo", tmp_path / "demo", "xml")
    export_study(store, "demo", tmp_path / "demo", "csv")
    assert (tmp_path / "demo").read_text().startswith("trial,state")


def test_an_export_replaces_nothing(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "demo.csv").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export_study(store, "demo", tmp_path / "demo.csv")
    assert (tmp_path / "demo.csv").read_text() == "mine"


def test_a_folder_that_does_not_exist_is_said(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its folder does not exist"):
        export_study(store, "demo", tmp_path / "nowhere" / "demo.json")


def test_csv_has_a_line_for_each_trial(store: SqlStore, tmp_path: Path) -> None:
    export_study(store, "demo", tmp_path / "demo.csv")
    with (tmp_path / "demo.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["finished", "failed", "stopped", "running"]
    assert [row["values.loss"] for row in rows] == ["1.0", "", "3.0", ""]
    assert [row["parameters.trainer.widths"] for row in rows] == ["[8, 8]", "", "[8]", "[8]"]
    assert rows[1]["reason"] == 'out of "memory"\nat once'


def test_parquet_has_typed_columns(store: SqlStore, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    export_study(store, "demo", tmp_path / "demo.parquet")
    table = parquet.read_table(tmp_path / "demo.parquet").to_pydict()
    assert table["trial"] == [0, 1, 2, 3]
    assert table["values.accuracy"] == [0.2, None, 0.1, None]
    assert table["parameters.trainer.lr"] == [0.01, 0.5, 0.001, 0.002]
    assert table["parameters.trainer.widths"] == [[8, 8], None, [8], [8]]


@pytest.mark.parametrize("ending", ["db", "journal"])
def test_optuna_reads_the_study(store: SqlStore, tmp_path: Path, ending: str) -> None:
    optuna = pytest.importorskip("optuna")
    from optuna.storages.journal import JournalFileBackend

    path = tmp_path / f"demo.{ending}"
    export_study(store, "demo", path)
    storage = (
        optuna.storages.JournalStorage(JournalFileBackend(str(path)))
        if ending == "journal"
        else optuna.storages.RDBStorage(f"sqlite:///{path}")
    )
    study = optuna.load_study(storage=storage, study_name="demo")
    assert [direction.name for direction in study.directions] == ["MINIMIZE", "MAXIMIZE"]
    assert study.metric_names == ["loss", "accuracy"]
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "PRUNED", "RUNNING"]
    finished = study.trials[0]
    assert finished.values == [1.0, 0.2]
    assert finished.params == {"trainer.lr": 0.01, "trainer.layers": 2, "trainer.widths": "[8, 8]"}
    assert finished.intermediate_values == {1: 1.5, 2: 1.0}
    assert finished.distributions["trainer.lr"] == optuna.distributions.FloatDistribution(1e-5, 0.5, log=True)
    assert finished.distributions["trainer.layers"] == optuna.distributions.IntDistribution(1, 4)
    assert finished.datetime_complete == datetime.fromtimestamp(store.trial("demo", 0).ended)  # noqa: DTZ006
    assert [trial.number for trial in study.best_trials] == [0]
    assert sorted(path.name for path in tmp_path.glob("*demo*")) == [path.name]
    if ending == "db":
        storage.engine.dispose()


def test_the_folder_for_mlflow_has_a_run_for_each_seed(store: SqlStore, tmp_path: Path) -> None:
    folder = tmp_path / "mlflow"
    export_study(store, "demo", folder, "mlflow")
    experiment = json.loads((folder / "experiment.json").read_text())
    runs = {
        run["mlflow"]["tags"]["mlflow.runName"]: run["mlflow"]
        for run in (
            json.loads((folder / name / "run.json").read_text()) for name in experiment["mlflow"]["runs"]
        )
    }
    assert len(runs) == 8
    run = runs["trial 0, seed 8"]
    assert run["params"] == {
        "trainer.lr": "0.01",
        "trainer.layers": "2",
        "trainer.widths": "[8, 8]",
        "seed": "8",
        "fold": "1",
    }
    assert [(point["step"], point["value"]) for point in run["metrics"]["loss"]] == [(1, 2.0), (2, 1.5)]
    assert "odd" not in run["metrics"]
    assert runs["trial 1, seed 8"]["info"]["status"] == "FAILED"


def test_libraries_are_imported_when_they_are_needed() -> None:
    code = "import sys, mlkernel.study.exports; print({'optuna', 'pyarrow', 'psycopg', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
