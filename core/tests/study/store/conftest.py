"""Stores to test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlkernel.study.store.opening import open_store
from mlkernel.study.store.sql_store import SqlStore

from . import postgres_server


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """The socket's folder of a PostgreSQL server."""
    if reason := postgres_server.missing():
        pytest.skip(reason)
    with postgres_server.postgres_server() as folder:
        yield folder


@pytest.fixture(scope="session")
def new_database(postgres_folder: Path) -> Callable[[], str]:
    """Makes an empty database and returns its URL."""
    import psycopg

    numbers = itertools.count()

    def make() -> str:
        name = f"d{next(numbers)}"
        with psycopg.connect(postgres_server.url(postgres_folder), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return postgres_server.url(postgres_folder, name)

    return make


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
