"""Workers that connect again while their driver lives."""

from __future__ import annotations

import sys

import pytest
from core.tests.study.engine.studies import command, reports, trials

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the connection in /proc")

TARGET = '''
import os, socket, time
from mlkernel.study.worker.driver_endpoint import read_endpoint

def connections(port):
    """Those of this process to the driver."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            peer = socket.socket(fileno=os.dup(int(name)))
            if peer.family == socket.AF_INET and peer.getpeername()[1] == port:
                found[peer.getsockname()[1]] = peer
        except OSError:  # no socket
            continue
    return found

def breaks(config, reporter):
    """Lets the worker believe that its connection ended, of which the driver hears when there is another one."""
    port = read_endpoint(reporter.directory.parent.parent).port
    old = connections(port)
    step = 0
    while set(connections(port)) <= set(old):
        for peer in old.values():
            peer.shutdown(socket.SHUT_RD)
        time.sleep(0.15)  # so that the report is answered
        step += 1
        reporter(step=step, loss=config["x"])
    for peer in old.values():
        peer.close()
    for _ in range(3):
        time.sleep(0.15)
        step += 1
        reporter(step=step, loss=config["x"])

kept = []

def breaks_at_its_end(config, reporter):
    """The same when it has returned: what the worker is given then is lost."""
    if reporter.directory.name == "000000-0":
        for peer in connections(read_endpoint(reporter.directory.parent.parent).port).values():
            peer.shutdown(socket.SHUT_RD)
            kept.append(peer)
    return config["x"]
'''


def test_the_late_end_of_an_old_connection_is_not_that_of_the_worker(tmp_path):
    (tmp_path / "target.py").write_text(TARGET)
    words = ("--trainer", "./target.py:breaks", "--space", "x=uniform(0,1)", "--algorithm", "random")
    done = command("search", *words, "--trials", "2", "--name", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [(trial.state, trial.runs[0].attempt) for trial in trials(tmp_path)] == [("finished", 1)] * 2
    for number in (0, 1):
        steps = [step for trial, _, step, _ in reports(tmp_path) if trial == number]
        assert steps == list(range(1, 1 + len(steps)))
        assert len(steps) >= 4


def test_what_a_worker_is_given_over_a_connection_that_ended_is_given_again(tmp_path):
    (tmp_path / "target.py").write_text(TARGET)
    words = ("--trainer", "./target.py:breaks_at_its_end", "--space", "x=uniform(0,1)", "--name", "study")
    done = command("search", *words, "--trials", "3", "--algorithm", "random", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [(trial.state, trial.values) for trial in trials(tmp_path)] == [
        ("finished", (trial.parameters["x"],)) for trial in trials(tmp_path)
    ]
    assert [run.failures for trial in trials(tmp_path) for run in trial.runs] == [0] * 3
