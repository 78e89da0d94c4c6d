import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.run_index import list_runs, read_row
from mlkernel.records.status import BestValue, Status, write_status
from mlkernel.run.plan import ChosenTrainer, Plan


@pytest.fixture
def root(tmp_path):
    return tmp_path


def make_run(root, name, *, reported=None, state="finished"):
    files = RunDirectory(root / name)
    files.path.mkdir()
    trainer = ChosenTrainer(name="tiny", reference="./t.py:T", distribution=None, version=None)
    Plan(run_id=name, created="", trainer=trainer, config={}, provenance={}).write(files.plan)
    status = Status(progress={"train": (3, 10)})
    status.begin_attempt()
    if reported is not None:
        status.best = BestValue(metric="return", value=reported, mode="max")
    status.end_attempt(state)
    write_status(files, status)
    return files


def states(root):
    return {row.run_id: row.state for row in list_runs(root)}


def assert_truth(root):
    """The index says what the directories say."""
    rows = {row.run_id: row for row in list_runs(root)}
    assert rows == {name: read_row(RunDirectory(root / name)) for name in rows}


def test_rows_tell_what_the_directories_say(root):
    make_run(root, "one", reported=2.5)
    make_run(root, "two", state="failed")
    (row, other) = list_runs(root)
    assert (row.run_id, row.trainer, row.state, row.metric, row.value) == (
        "one",
        "tiny",
        "finished",
        "return",
        2.5,
    )
    assert (row.phase, row.completed, row.total) == ("train", 3, 10)
    assert (other.run_id, other.state, other.metric) == ("two", "failed", None)
    assert_truth(root)


def test_new_changed_and_deleted_runs_are_noticed(root):
    files = make_run(root, "one")
    assert states(root) == {"one": "finished"}
    second = make_run(root, "two", state="stopped")
    assert states(root) == {"one": "finished", "two": "stopped"}
    status = Status()
    status.begin_attempt()
    status.end_attempt("failed")
    write_status(files, status)
    assert states(root) == {"one": "failed", "two": "stopped"}
    for path in (second.plan, second.status):
        path.unlink()
    assert states(root) == {"one": "failed"}


def test_what_has_not_changed_is_not_read_again(root):
    files = make_run(root, "one")
    list_runs(root)
    files.plan.write_text("{damaged, but the index knows")
    assert states(root) == {"one": "finished"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b"no database at all, and long enough to have a header" * 40),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 3000),
        lambda path: execute(path, "PRAGMA user_version = 99"),
        lambda path: execute(path, "DROP TABLE runs"),
    ],
    ids=["deleted", "garbage", "empty", "cut", "another version", "no table"],
)
def test_a_lost_or_damaged_index_is_made_anew(root, damage):
    for name in ("one", "two", "three"):
        make_run(root, name)
    before = list_runs(root)
    damage(root / "index.sqlite")
    for _ in range(3):
        assert list_runs(root) == before


def execute(path, statement):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


def test_a_list_while_another_process_holds_the_index(root):
    make_run(root, "one")
    list_runs(root)
    make_run(root, "two")
    with closing(sqlite3.connect(root / "index.sqlite", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert states(root) == {"one": "finished", "two": "finished"}


LISTING = """
import sys
from pathlib import Path
from mlkernel.records.run_index import list_runs
for _ in range(20):
    print(len(list_runs(Path(sys.argv[1]))))
"""


def test_many_processes_may_list_at_once(root):
    for number in range(10):
        make_run(root, f"run-{number}")
    processes = [
        subprocess.Popen([sys.executable, "-c", LISTING, str(root)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate()[0].split() for process in processes] == [["10"] * 20] * 3
    assert_truth(root)


def test_a_folder_without_runs_gets_no_index(root):
    assert list_runs(root) == []
    assert list_runs(root / "absent") == []
    assert list(root.iterdir()) == []
