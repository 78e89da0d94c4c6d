"""Stores to test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlkernel.study.store.opening import open_store
from mlkernel.study.store.sql_store import SqlStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(tmp_path / "study.sqlite")
    yield opened
    opened.close()
