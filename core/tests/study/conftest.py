"""A PostgreSQL server that all tests of studies in a process share; each has databases of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from core.tests.study.store import postgres_server


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
