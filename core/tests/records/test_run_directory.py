import os
import re

import pytest

from mlkernel.errors import UnknownNameError
from mlkernel.records.run_directory import RunDirectory, find_run, run_directories, runs_root


@pytest.fixture
def root(tmp_path):
    for name in ("ppo-1", "ppo-2", "sac-1"):
        (tmp_path / name).mkdir()
        RunDirectory(tmp_path / name).plan.write_text("{}")
    (tmp_path / "notes").mkdir()
    return tmp_path


@pytest.mark.parametrize(("text", "name"), [("ppo-1", "ppo-1"), ("s", "sac-1"), ("latest", "sac-1")])
def test_a_run_is_found_by_name_unique_beginning_and_as_the_latest(root, text, name):
    assert find_run(text, root).run_id == name


@pytest.mark.parametrize("text", [".", "../ppo-1", "../ppo-1/."])
def test_a_run_is_found_by_path_and_keeps_its_name(root, text, monkeypatch):
    monkeypatch.chdir(root / "ppo-1")
    assert find_run(text, root / "elsewhere").run_id == "ppo-1"


def test_a_name_goes_before_longer_ones_that_begin_with_it(root):
    (root / "ppo-10").mkdir()
    RunDirectory(root / "ppo-10").plan.write_text("{}")
    assert find_run("ppo-1", root).run_id == "ppo-1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ppo", "2 runs in .* begin with 'ppo': ppo-1, ppo-2"),
        ("pop-1", "no run 'pop-1'.*\n.*Did you mean ppo-1"),
        ("zzz", "kernel list shows all"),
    ],
)
def test_what_is_not_found_is_explained(root, text, message):
    with pytest.raises(UnknownNameError) as told:
        find_run(text, root)
    assert re.search(message, str(told.value))


def test_without_runs_the_message_says_how_to_start_one(tmp_path):
    with pytest.raises(UnknownNameError, match="there are no runs in"):
        find_run("latest", tmp_path / "absent")


def test_the_latest_is_the_one_that_was_started_or_resumed_last(root):
    os.utime(RunDirectory(root / "ppo-1").plan)
    RunDirectory(root / "ppo-1").plan.write_text("{}")
    assert [files.run_id for files in run_directories(root)][-1] == "ppo-1"


def test_where_runs_lie(monkeypatch, tmp_path):
    monkeypatch.delenv("MLKERNEL_RUNS", raising=False)
    assert str(runs_root()) == "runs"
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path))
    assert runs_root() == tmp_path
    assert str(runs_root("chosen")) == "chosen"
