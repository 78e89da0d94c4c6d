"""A database for the tests, made once: its tables take seconds."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(autouse=True)
def _tracking_uri(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the database of these tests only, not of those that the same process runs later."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
