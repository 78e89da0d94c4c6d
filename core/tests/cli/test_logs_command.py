import json
import threading
import time

import pytest
from core.tests.plots.recorded_run import record_run, write_metrics

from mlkernel.cli.line_follower import LineFollower
from mlkernel.cli.main import main
from mlkernel.records.event_log import EventLog
from mlkernel.records.run_lock import RunLock
from mlkernel.records.status import Status, write_status


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path))
    run = record_run(tmp_path, "ppo-1", records=[("train", 0, 1.25, {"loss": 0.5})])
    log = EventLog(run.events)
    log.logger.info("checkpoint saved", number=3)
    try:
        float("exploded")
    except ValueError:
        log.logger.exception("iteration failed")
    log.close()
    capsys.readouterr()
    return run


def test_prints_events_with_level_context_and_traceback(run, capsys):
    assert main(["logs", "ppo-1"]) == 0
    first, second, *traceback = capsys.readouterr().out.splitlines()
    assert first.split(maxsplit=1)[1] == "info     checkpoint saved  number=3"
    assert second.split(maxsplit=1)[1] == "error    iteration failed"
    assert traceback[-1] == "ValueError: could not convert string to float: 'exploded'"


def test_prints_metrics(run, capsys):
    main(["logs", "ppo-1", "--metrics"])
    assert capsys.readouterr().out == "train 0  1.25 s  loss=0.5\n"


def test_prints_metrics_that_are_no_number(tmp_path, capsys):
    records = [("train", 0, 1.0, {"loss": float("nan"), "best": float("-inf")})]
    record_run(tmp_path, "ppo-3", records=records)
    main(["logs", "ppo-3", "--metrics", "--runs", str(tmp_path)])
    assert capsys.readouterr().out == "train 0  1.0 s  loss=nan  best=-inf\n"


@pytest.mark.parametrize("words", [[], ["--metrics"]])
def test_prints_the_lines_as_they_are(run, capsys, words):
    main(["logs", "ppo-1", "--json", *words])
    assert all(isinstance(json.loads(line), dict) for line in capsys.readouterr().out.splitlines())


def test_a_run_without_events_prints_nothing(tmp_path, capsys):
    record_run(tmp_path, "ppo-2")
    assert main(["logs", "ppo-2", "--runs", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_a_damaged_line_is_left_out_with_a_warning(run, capsys):
    with run.events.open("a") as file:
        file.write('{"event": "tor{"event": "whole"}\n{"event": "next", "level": "info"}\n{"event": "torn')
    main(["logs", "ppo-1"])
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1].endswith("next")
    assert "left out a damaged line" in printed.err


def test_follows_a_run_until_it_ends(run, capsys):
    locked = threading.Event()

    def train():
        with RunLock(run.lock):
            status = Status()
            status.begin_attempt()
            write_status(run, status)
            locked.set()
            log(status)

    def log(status):
        for iteration in range(1, 4):
            time.sleep(0.1)
            write_metrics(run, [("train", iteration, 2.0, {"loss": 0.25})])
        status.end_attempt("finished")
        write_status(run, status)

    trainer = threading.Thread(target=train)
    trainer.start()
    locked.wait()
    assert main(["logs", "ppo-1", "-f", "--metrics"]) == 0
    trainer.join()
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["0", "1", "2", "3"]


def test_following_a_run_that_has_ended_ends(run, capsys):
    assert main(["logs", "ppo-1", "-f"]) == 0
    assert "checkpoint saved" in capsys.readouterr().out


def test_a_line_is_given_once_and_only_when_whole(tmp_path):
    path = tmp_path / "lines"
    follower = LineFollower(path)
    assert follower.new_lines() == []
    path.write_text("one\ntw")
    assert follower.new_lines() == ["one"]
    with path.open("a") as file:
        file.write("o\nthree\n")
    assert follower.new_lines() == ["two", "three"]
    assert follower.new_lines() == []


def test_a_file_that_was_cut_back_is_followed_from_its_new_end(tmp_path):
    path = tmp_path / "lines"
    follower = LineFollower(path)
    path.write_text("one\ntwo\nthree\n")
    follower.new_lines()
    path.write_text("one\n")
    assert follower.new_lines() == []
    path.write_text("one\nTWO\n")
    assert follower.new_lines() == ["TWO"]


def test_a_file_that_was_cut_back_and_grew_again_gives_whole_lines(tmp_path):
    path = tmp_path / "lines"
    follower = LineFollower(path)
    path.write_text("one\ntwo\n")
    follower.new_lines()
    path.write_text("one\nlonger than before\nnext\n")
    assert follower.new_lines() == ["next"]
    path.write_text("one\nlonger than before\nnext\nmore\n")
    assert follower.new_lines() == ["more"]
