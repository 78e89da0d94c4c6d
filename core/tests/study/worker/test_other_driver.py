"""Drivers that die, and those who take their place."""

from __future__ import annotations

import socket
import stat
import textwrap
from contextlib import suppress

import attrs
import pytest

from mlkernel.study.worker.connection import Connection
from mlkernel.study.worker.driver_endpoint import DriverEndpoint, read_endpoint
from mlkernel.study.worker.messages import (
    Bye,
    Continue,
    Hello,
    ProtocolError,
    Reported,
    Welcome,
    decode,
    encode,
)
from mlkernel.study.worker.worker_server import WorkerServer

from .small_driver import PATIENCE, SmallDriver, order, start_worker

LONELY = ("--patience", "5")
"""For workers that shall give up once their driver is gone, but not while a slow machine lets it greet them late."""
TARGETS = """
import time

def slow(config, reporter):
    for step in range(1, 21):
        time.sleep(0.05)
        reporter(loss=step)

def eager(config, reporter):
    for step in range(1, config["reports"] + 1):
        reporter(loss=step)

class Climbs:
    def setup(self, config):
        self.height = 0

    def step(self):
        self.height += 1
        return {"loss": self.height}

    def save_checkpoint(self, folder):
        return {"height": self.height}

    def load_checkpoint(self, saved):
        self.height = saved["height"]
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "targets.py").write_text(textwrap.dedent(TARGETS))
    return tmp_path


def test_a_worker_goes_on_with_the_driver_that_comes_next(study):
    with start_worker(study, cwd=study) as worker:
        first = SmallDriver(study)
        with first:
            first.drive([order(study, "./targets.py:slow")], until=lambda: len(first.reports) == 5)
        with SmallDriver(study) as second:
            second.drive([])
        worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0
    assert second.hellos[0].running == (0, 0)
    assert [one.step for one in first.reports + second.reports] == list(range(1, 21))
    assert second.end.state == "finished"


def test_an_end_that_nobody_confirmed_is_told_again(study):
    with start_worker(study, cwd=study) as worker:
        with WorkerServer() as silent:
            silent.endpoint.write(study)
            seen = []
            while "end" not in seen:
                for one in silent.poll(1.0):
                    seen.append(one.message.type)
                    answers = {"hello": order(study, "./targets.py:slow", max_step=1), "report": Continue()}
                    if one.message.type in answers:
                        one.channel.send(answers[one.message.type])
        with SmallDriver(study) as second:
            second.drive([])
        worker.communicate(timeout=PATIENCE)
    assert (second.end.state, second.hellos[0].running, second.reports) == ("finished", (0, 0), [])
    assert worker.returncode == 0


@pytest.mark.parametrize("name", ["slow", "Climbs"])
def test_a_worker_that_nobody_drives_leaves_what_can_be_resumed(study, name):
    asked = order(study, f"./targets.py:{name}", max_step=20)
    driver = SmallDriver(study)
    with start_worker(study, *LONELY, cwd=study) as worker:
        with driver:
            driver.drive([asked], until=lambda: len(driver.reports) >= 3)
            known = len(driver.reports)
        _, complaints = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, complaints) == (75, "")
    with SmallDriver(study) as later, start_worker(study, cwd=study) as worker:
        later.drive([asked])
        worker.communicate(timeout=PATIENCE)
    left_unanswered, *trained = [one.step for one in later.reports]
    assert left_unanswered == known + 1
    assert trained == list(range(1 if name == "slow" else known + 2, 21))
    assert later.end.state == "finished"


def test_a_worker_without_a_driver_gives_up(study):
    with start_worker(study, "--patience", "0.3", cwd=study) as worker:
        worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 75


def test_a_worker_with_nothing_to_do_goes_at_once(study):
    with WorkerServer() as server, start_worker(study, cwd=study) as worker:
        server.endpoint.write(study)
        while not server.poll(1.0):
            pass
        worker.terminate()
        worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0


def test_only_who_knows_the_token_is_heard(study):
    with WorkerServer() as server:
        server.endpoint.write(study)
        wrong = DriverEndpoint(host=server.endpoint.host, port=server.endpoint.port, token="guessed")
        for first in (Hello(token=wrong.token, key="k", pid=1, host="h"), Bye()):
            stranger = Connection.open(wrong)
            stranger.send(first)
            assert server.poll(1.0) == []  # it calls
            assert server.poll(1.0) == []  # and is sent away
            assert isinstance(stranger.receive(), Welcome)
            with pytest.raises(ConnectionError):
                stranger.receive()
            stranger.close()


def test_a_stranger_cannot_fill_the_memory(study):
    with (
        WorkerServer() as server,
        socket.create_connection((server.endpoint.host, server.endpoint.port)) as peer,
    ):
        peer.sendall(b"x" * 10_000)
        server.poll(1.0)
        server.poll(1.0)
        peer.settimeout(5)
        received = b"all"
        with suppress(ConnectionError):
            while received:  # first its greeting
                received = peer.recv(1000)
        # A timeout would have been an error: it is hung up on.


def test_the_endpoint_is_for_its_owner_only(study):
    assert read_endpoint(study) is None
    with WorkerServer() as server:
        server.endpoint.write(study)
        assert read_endpoint(study) == server.endpoint
        assert stat.S_IMODE((study / "driver.json").stat().st_mode) == 0o600
        assert server.endpoint.token not in repr(server.endpoint)


def test_messages_survive_the_wire_and_lines_of_others_are_refused():
    report = Reported(trial=1, place=0, step=2.0, values=(0.5,), metrics={"rate": float("inf")})
    assert decode(encode(report)) == report
    strange = decode(encode(Reported(trial=1, place=0, step=1, values=(1,), metrics={"x": float("nan")})))
    assert isinstance(strange, Reported)
    assert strange.metrics["x"] != strange.metrics["x"]
    for line in (
        b"[]",
        b"{}",
        b'{"type": "report"}',
        b'{"type": "dance"}',
        b"\xff",
        b'{"type": "bye", "x": 1}',
    ):
        with pytest.raises(ProtocolError, match="not a message"):
            decode(line)


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", encode(Welcome(proof="of another"))])
def test_who_took_over_the_port_of_a_dead_driver_is_told_nothing_and_holds_no_worker(study, words):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        endpoint = DriverEndpoint(host="127.0.0.1", port=stranger.getsockname()[1], token="secret")
        endpoint.write(study)
        with start_worker(study, "--patience", "1", cwd=study) as worker:
            peer, _ = stranger.accept()
            with peer:
                with suppress(ConnectionError):  # on a slow machine it may have given up
                    peer.sendall(words)
                worker.communicate(timeout=PATIENCE)
                assert peer.recv(1000) == b""
    assert worker.returncode == 75


def eager(study, name="eager", reports=300):
    return order(study, f"./targets.py:{name}", max_step=reports, parameters={"reports": reports})


def test_nobody_waits_for_answers_that_would_say_nothing_new(study):
    often = SmallDriver(study, lambda one: Continue(until=one.step + 50))
    with often as driver, start_worker(study, cwd=study) as worker:
        driver.drive([eager(study)])
        worker.communicate(timeout=PATIENCE)
    assert [one.step for one in driver.reports] == list(range(1, 301))
    waited = {one.step for one in driver.reports if one.waits}
    assert {1, 300} <= waited, "the last one may be answered by a pause"
    assert len(waited) < 100


def test_what_was_told_to_a_driver_that_died_is_told_again(study):
    with start_worker(study, cwd=study) as worker:
        first = SmallDriver(study, lambda one: Continue(until=200))
        with first:  # it hears, and writes nothing down
            first.drive([eager(study)], until=lambda: bool(first.reports))
        with SmallDriver(study, lambda one: Continue(until=200)) as second:
            second.drive([])
        worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0
    heard_once = [one.step for one in first.reports if one.waits]
    known = heard_once[-1]
    steps = [one.step for one in second.reports]
    assert steps == sorted(steps)
    assert set(range(1, 301)) <= {*steps, *(one.step for one in first.reports if one.step <= known)}


@pytest.mark.parametrize("name", ["eager", "Climbs"])
def test_what_nobody_confirmed_is_left_to_the_next_attempt(study, name):
    driver = SmallDriver(study, lambda one: Continue(until=1000))
    with start_worker(study, *LONELY, cwd=study) as worker:
        with driver:
            driver.drive([eager(study, name)], until=lambda: bool(driver.reports))
            confirmed = max(one.step for one in driver.reports if one.waits)
        worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 75
    again = attrs.evolve(eager(study, name), attempt=2, resume=True)
    brief = SmallDriver(study, lambda one: None)
    with start_worker(study, *LONELY, cwd=study) as worker:
        with brief:  # it hears some of them, confirms none, and dies, too
            brief.drive([again], until=lambda: bool(brief.reports))
        worker.communicate(timeout=PATIENCE)
    with SmallDriver(study) as later, start_worker(study, cwd=study) as worker:
        later.drive([again])
        worker.communicate(timeout=PATIENCE)
    assert set(range(int(confirmed) + 1, 301)) <= {one.step for one in later.reports}
    assert later.end.state == "finished"
