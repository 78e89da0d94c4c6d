"""Addresses mean the same in every folder, and lose their passwords before they are kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlkernel_mlflow.mlflow_config import MlflowConfig
from mlkernel_mlflow.tracking_uri import tracking_uri, without_password

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def no_address(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_it_is_a_file_of_the_current_folder_unless_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(None, None) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://there:5000")
    assert tracking_uri(None, None) == "http://there:5000"
    assert tracking_uri("http://here:5000", None) == "http://here:5000"


def test_folders_and_files_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tracking_uri("sqlite:///db/m.db", None) == f"sqlite:///{tmp_path}/db/m.db"
    assert tracking_uri("mlruns", None) == f"file://{tmp_path}/mlruns"


def test_servers_that_mlflow_knows_by_a_word_are_no_folders(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "databricks")
    assert tracking_uri(None, None) == "databricks"
    assert tracking_uri("databricks-uc", None) == "databricks-uc"


def test_a_password_is_found_wherever_databases_take_it():
    assert without_password(f"postgresql://host/mlflow?user=me&password={SECRET}&sslmode=off") == (
        "postgresql://host/mlflow?user=me&sslmode=off"
    )
    assert without_password(f"postgresql://host/mlflow?password={SECRET}") == "postgresql://host/mlflow"
    assert MlflowConfig(uri="http://host:5000/?").uri == "http://host:5000/?"
    with pytest.raises(ValueError, match="holds a password"):
        MlflowConfig(uri=f"mysql://host/mlflow?password={SECRET}")


def test_a_run_stays_where_it_is(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert tracking_uri("http://other", "http://here") == "http://here"


def test_a_password_of_the_environment_is_used_and_not_kept(monkeypatch):
    secret = f"postgresql://me:{SECRET}@host/mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", secret)
    assert tracking_uri(None, None) == secret
    assert without_password(secret) == "postgresql://me@host/mlflow"
    assert tracking_uri(None, "postgresql://me@host/mlflow") == secret


def test_an_option_with_a_password_is_refused(tmp_path):
    words = [
        sys.executable,
        "-m",
        "mlkernel",
        "track",
        "latest",
        "--tracker",
        f"mlflow uri=http://me:{SECRET}@host:5000",
    ]
    refused = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "the option 'uri' of tracker 'mlflow' holds a password" in refused.stderr
    assert SECRET not in refused.stdout + refused.stderr
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="holds a password"):
        MlflowConfig(uri=f"http://me:{SECRET}@host:5000")
