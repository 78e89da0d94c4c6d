import json
import threading
from importlib.metadata import version

import pytest

from mlkernel.errors import UsageError
from mlkernel.records import run_lock
from mlkernel.records.run_lock import RunLock
from mlkernel.records.status import write_status
from mlkernel.run.session import resume_run

TINY = "class Tiny(Base):\n    pass\n"


def test_an_attempt_begins_with_the_last_words_of_the_one_before(trainer_folder, monkeypatch):
    monkeypatch.setattr(run_lock, "_PATIENCE_SECONDS", 30.0)
    folder = trainer_folder(TINY)
    folder.start_here()
    status = folder.status
    outcomes = []
    with RunLock(folder.files.lock):
        status.state = "running"
        write_status(folder.files, status)
        waiting = threading.Thread(target=lambda: outcomes.append(folder.resume_here()))
        waiting.start()
        waiting.join(timeout=0.5)
        assert waiting.is_alive(), "it waits for the lock"
        status.state = "finished"
        write_status(folder.files, status)
    waiting.join()
    assert outcomes[0].reason == "it had finished before"
    assert len(folder.status.attempts) == 1


def test_the_seed_stays(trainer_folder):
    folder = trainer_folder(TINY)
    folder.start_here("run.seed=3")
    plan = folder.files.plan.read_text()
    with pytest.raises(UsageError, match="is 3 and cannot be changed"):
        folder.resume_here("run.seed=4", "iterations=9")
    assert folder.files.plan.read_text() == plan
    folder.resume_here("run.seed=3", "iterations=9")


def test_a_folder_that_is_no_run_is_left_as_it_is(tmp_path):
    with pytest.raises(UsageError, match="no readable plan"):
        resume_run(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no readable plan"):
        resume_run(tmp_path / "empty")
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def told_versions(folder):
    return [event["changed"] for event in folder.events if event["event"].startswith("versions differ")]


def test_a_resume_under_other_versions_is_told(trainer_folder):
    folder = trainer_folder(TINY)
    folder.start_here()
    folder.resume_here("iterations=9")
    now = folder.status.attempts[0].versions
    assert now["mlkernel"] == version("mlkernel")
    assert told_versions(folder) == []
    status = folder.status
    status.attempts[-1].versions.update({"python": "3.0.1", "old-plugin": "1.0"})
    write_status(folder.files, status)
    folder.resume_here("iterations=12")
    folder.resume_here("iterations=15")
    assert told_versions(folder) == [["old-plugin: 1.0 -> absent", f"python: 3.0.1 -> {now['python']}"]]


def test_an_attempt_of_which_no_versions_are_known_is_compared_with_nothing(trainer_folder):
    folder = trainer_folder(TINY)
    folder.start_here()
    content = json.loads(folder.files.status.read_text())
    del content["attempts"][0]["versions"]
    folder.files.status.write_text(json.dumps(content))
    folder.resume_here("iterations=9")
    assert told_versions(folder) == []
