import json
import math
import socket
import time
from contextlib import ExitStack

import pytest

from mlkernel.errors import UsageError
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.run_lock import RunLock
from mlkernel.records.status import HEARTBEAT_SECONDS, BestValue, Status, read_status, write_status


@pytest.fixture
def files(tmp_path):
    return RunDirectory(tmp_path)


@pytest.fixture
def running(files):
    """The status that a process wrote which holds the lock while the test lasts, or until it lets go."""
    with ExitStack() as held:
        held.enter_context(RunLock(files.lock))
        status = Status()
        status.begin_attempt()
        write_status(files, status)
        yield status, held.close


def test_a_status_comes_back_equal(files):
    status = Status(
        progress={"train": (3, 10), "search": (1, None)},
        best=BestValue(metric="return", value=4.5, mode="max"),
        notes={"road": "fused", "nested": [1, {"a": None}]},
    )
    status.begin_attempt()
    status.end_attempt("stopped", "SIGTERM")
    status.begin_attempt()
    status.end_attempt("finished")
    write_status(files, status)
    assert read_status(files) == status
    assert [(attempt.number, attempt.outcome) for attempt in status.attempts] == [
        (1, "stopped"),
        (2, "finished"),
    ]


def test_a_status_is_strict_json(files):
    best = BestValue(metric="return", value=-math.inf, mode="max")
    write_status(files, Status(best=best, notes={"NaN": [math.nan, math.inf]}))
    json.loads(files.status.read_text(), parse_constant=pytest.fail)
    assert read_status(files).best == best
    assert read_status(files).notes == {"NaN": [None, math.inf]}


def test_a_run_without_a_status_is_pending(files):
    assert read_status(files).state == "pending"


def test_running_while_the_lock_is_held_and_stopped_when_it_is_not(files, running):
    _, let_go = running
    assert read_status(files).state == "running"
    let_go()
    status = read_status(files)
    assert (status.state, status.reason) == ("stopped", "its process died")
    assert json.loads(files.status.read_text())["state"] == "running", "reading changes nothing"


def test_the_attempt_of_a_dead_process_is_closed_by_the_next_one(files, running):
    status, let_go = running
    status.heartbeat = status.attempts[0].started + 7.0
    write_status(files, status)
    let_go()
    found = read_status(files)
    found.begin_attempt()
    first = found.attempts[0]
    assert (first.outcome, first.reason) == ("stopped", "its process died")
    assert first.ended == first.started + 7.0
    assert found.state == "running"


@pytest.mark.parametrize(("age", "state"), [(2 * HEARTBEAT_SECONDS, "running"), (3600.0, "stopped")])
def test_a_run_of_another_machine_lives_while_its_heart_beats(files, age, state):
    status = Status()
    status.begin_attempt()
    status.heartbeat = time.time() - age
    write_status(files, status)
    text = files.status.read_text().replace(json.dumps(socket.gethostname()), '"elsewhere"')
    files.status.write_text(text)
    assert read_status(files).state == state


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"state": "running"}'])
def test_a_damaged_status_is_named_with_a_way_on(files, text):
    files.status.write_text(text)
    with pytest.raises(UsageError, match=r"status\.json is damaged[\s\S]*Delete it"):
        read_status(files)
