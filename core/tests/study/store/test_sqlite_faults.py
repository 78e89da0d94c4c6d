"""What goes wrong with files is said, and costs nothing that was complete."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mlkernel.errors import StorageError, UsageError
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.sqlite_database import SqliteDatabase
from mlkernel.study.store.study_store import NewTrialRecord


def fill(store: SqlStore, trials: int, padding: int = 10) -> None:
    new = NewTrialRecord(parameters={"x": "y" * padding}, runs=((0, None),))
    store.add_trials("s", "me", lambda _first: [new] * trials)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "study.sqlite"
    store = open_store(path)
    store.create("s", {})
    fill(store, 300, padding=200)
    store.close()
    return path


# The limit on the size of files stands for a full disk: SQLite is refused its writes in the same way.
FILL_THE_DISK = """
import resource, sys
from mlkernel.errors import StorageError
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.study_store import NewTrialRecord

store = open_store(sys.argv[1])
added = len(list(store.trials("s")))
new = NewTrialRecord(parameters={"x": "y" * 500}, runs=((0, None),))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
try:
    while added < 100_000:
        store.add_trials("s", "me", lambda first: [new])
        added += 1
except StorageError as error:
    print(error)
assert len(list(store.trials("s"))) == added, "nothing that was complete is lost"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.add_trials("s", "me", lambda first: [new])
print(added + 1)
"""


def test_a_full_disk_is_said_and_the_store_goes_on_when_there_is_room(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, path], capture_output=True, text=True, check=True, timeout=100
    )
    *message, added = done.stdout.splitlines()
    assert str(path) in message[0]
    assert "full" in message[0]
    assert "Make room" in message[1]
    store = open_store(path)
    assert [trial.number for trial in store.trials("s")] == list(range(int(added)))
    assert store.counts("s") == {"waiting": int(added)}
    store.close()


def test_a_store_without_room_refuses(path: Path) -> None:
    database = SqliteDatabase(path)
    store = SqlStore(database)
    pages = database.rows("PRAGMA page_count")[0][0]
    database.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="no room left to write"):
        fill(store, 1000)
    assert store.counts("s") == {"waiting": 300}
    store.close()


def test_a_damaged_file_is_said(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * len(content[4096:])
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged"):
        list(open_store(path).trials("s"))


def test_a_file_cut_short_is_said(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 3])
    with pytest.raises(StorageError, match="is damaged"):
        list(open_store(path).trials("s"))


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("this is no database at all\n" * 100)
    with pytest.raises(StorageError, match="is no SQLite database"):
        open_store(text)
    assert text.read_text() == "this is no database at all\n" * 100


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE albums (title TEXT)")
    other.close()
    with pytest.raises(UsageError, match="something else: it holds albums"):
        open_store(path)


@pytest.mark.parametrize(("version", "said"), [(2, "newer mlkernel"), (0, "older mlkernel")])
def test_another_version_is_refused(path: Path, version: int, said: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE mlkernel_schema SET version = ?", (version,))
    connection.close()
    with pytest.raises(UsageError, match=said):
        open_store(path)


def test_a_lock_that_stays_is_said(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    store = SqlStore(SqliteDatabase(path, busy_seconds=0.05))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="stays locked by another process"):
        fill(store, 1)
    assert len(list(store.trials("s"))) == 300
    other.execute("ROLLBACK")
    fill(store, 1)
    assert store.counts("s") == {"waiting": 301}
    other.close()
    store.close()


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot open"):
        open_store(tmp_path / "nowhere" / "study.sqlite")


def test_a_file_that_must_exist_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    with pytest.raises(UsageError, match="there is no such file"):
        open_store(path, must_exist=True)
    assert not path.exists()
