"""A follower that is killed again and again leaves one run of MLflow with each value once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlkernel import read_metrics
from mlkernel.testing import run_in_process
from mlkernel_mlflow.mlflow_library import MlflowClient

pytestmark = [
    pytest.mark.slow,  # MLflow is imported by four processes
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # MLflow's use of SQLAlchemy
]


def test_every_value_is_there_once(tmp_path, database):
    run = run_in_process("mlkernel.testing.tiny_trainer:TinyTrainer", ["iterations=1500"], runs=tmp_path)
    tracker = f"{Path(__file__).with_name('dying_tracker.py')}:DyingTracker experiment=kills"
    words = [sys.executable, "-m", "mlkernel", "track", str(run.directory), "--tracker", tracker]
    environment = {**os.environ, "TEST_DEATHS": str(tmp_path / "deaths"), "MLFLOW_TRACKING_URI": database}
    codes = [
        subprocess.run(words, env=environment, capture_output=True, check=False).returncode for _ in range(4)
    ]
    assert codes == [-signal.SIGKILL] * 3 + [0]
    client = MlflowClient(database)
    (found,) = client.search_runs([client.get_experiment_by_name("kills").experiment_id])
    assert found.info.status == "FINISHED"
    history = client.get_metric_history(found.info.run_id, "train/error")
    stored = sorted((metric.step, metric.value) for metric in history)
    assert stored == [(step, value) for step, value in read_metrics(run.directory).series("error", "train")]
