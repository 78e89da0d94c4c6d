"""Stores to test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlkernel.study.store.opening import open_store
from mlkernel.study.store.sql_store import SqlStore


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store can be."""
    if request.param == "sqlite":
        return str(tmp_path / "study.sqlite")
    make: Callable[[], str] = request.getfixturevalue("new_database")
    return make()


@pytest.fixture
def store(location: str) -> Iterator[SqlStore]:
    opened = open_store(location)
    yield opened
    opened.close()
