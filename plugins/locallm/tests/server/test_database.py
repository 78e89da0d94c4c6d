from __future__ import annotations

import sqlite3

import pytest

from mlkernel_locallm.server.store.database import Database


def test_a_transaction_that_cannot_be_committed_does_not_stay_open(tmp_path):
    schema = """
    PRAGMA foreign_keys = ON;
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
    """
    database = Database(tmp_path / "a.sqlite", schema, durable=True)
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.execute("INSERT INTO children VALUES (5)")  # refused at the commit
    with database.transaction() as connection:
        connection.execute("INSERT INTO parents VALUES (1)")
    with sqlite3.connect(tmp_path / "a.sqlite") as other:
        assert other.execute("SELECT id FROM parents").fetchall() == [(1,)]
    database.close()


def test_a_full_disk_is_told_as_such(tmp_path):
    schema = "CREATE TABLE texts (text TEXT); PRAGMA max_page_count = 10;"
    database = Database(tmp_path / "a.sqlite", schema, durable=True)
    with pytest.raises(sqlite3.OperationalError, match="full"), database.transaction() as connection:
        connection.execute("INSERT INTO texts VALUES (zeroblob(1000000))")
    database.close()
