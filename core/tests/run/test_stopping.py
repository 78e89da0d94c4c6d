"""Signals and ``kernel stop``: exit code 75 at the next boundary, and nothing lost."""

import os
import signal
import threading
import time

import pytest

from mlkernel.records.status import read_status
from mlkernel.run.stop_request import StopRequest

from .kernel_process import PATIENCE_SECONDS, WALK, KernelProcess, TrainerFolder, kill

SELDOM = ["checkpoint.every_seconds=null", "checkpoint.keep_best=0"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = TrainerFolder(tmp_path_factory.mktemp("unbroken"), WALK)
    folder.start_here()
    return folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_at_the_next_boundary(unbroken, tmp_path, number):
    process = KernelProcess(tmp_path, WALK)
    started = process.start_run(*SELDOM, "rest=0.1")
    process.wait_for_iteration(3, started)
    started.send_signal(number)
    _, told = started.communicate()
    assert started.returncode == 75
    assert f"stopped ({number.name})" in told
    assert f"kernel resume {process.files.path}" in told
    assert (process.status.state, process.status.reason) == ("stopped", number.name)
    assert process.resume_here().exit_code == 0
    assert process.metrics == unbroken.metrics
    assert process.final_state() == unbroken.final_state()


def interrupt_during_long_iteration(process, first):
    """Send *first* and then Ctrl-C in the iteration that takes a minute, the second once the first was heard."""
    # A boundary's state is copied only where that is a small part of an iteration, on a busy machine, too.
    started = process.start_run(*SELDOM, "long=2", "rest=1.5")
    process.wait_for_long_step(started)
    started.send_signal(first)
    if first == signal.SIGINT:
        assert "Ctrl-C again stops at once" in started.stderr.readline()
    else:
        started.send_signal(signal.SIGINT)
        assert "Ctrl-C again stops at once" in started.stderr.readline()
    # Python keeps a signal that comes in the instant before time.sleep until that sleep is over.
    time.sleep(0.2)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=PATIENCE_SECONDS)
    return started


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ctrl_c_stops_at_once_and_loses_at_most_that_iteration(unbroken, tmp_path, first):
    process = KernelProcess(tmp_path, WALK)
    started = interrupt_during_long_iteration(process, first)
    assert started.returncode == 75
    assert process.status.reason == "interrupted"
    newest = process.checkpoints[-1]
    assert '"train": 2' in (process.files.checkpoints / newest / "manifest.json").read_text()
    assert process.resume_here("trainer.long=-1", "trainer.rest=0.0").exit_code == 0
    assert process.metrics == unbroken.metrics
    assert process.final_state() == unbroken.final_state()


def test_kernel_stop_waits_until_the_run_has_stopped(tmp_path):
    process = KernelProcess(tmp_path, WALK)
    started = process.start_run(*SELDOM, "rest=0.1", "iterations=1000")
    process.wait_for_iteration(1, started)
    stop = process.kernel("stop", "latest", "--wait", "30")
    assert stop.returncode == 0, stop.stdout + stop.stderr
    assert process.status.state == "stopped"
    started.communicate()
    assert started.returncode == 75
    assert process.status.reason == "kernel stop"
    again = process.kernel("stop", "latest", "--wait", "30")
    assert again.returncode == 0
    assert "is not running: stopped" in again.stdout
    done, _ = process.status.progress["train"]
    assert process.resume_here(f"trainer.iterations={done + 1}", "trainer.rest=0.0").exit_code == 0


def test_kernel_stop_says_when_patience_ends(tmp_path):
    process = KernelProcess(tmp_path, WALK)
    started = process.start_run(*SELDOM, "long=0")
    process.wait_for_long_step(started)
    stop = process.kernel("stop", process.files.run_id, "--wait", "0.2")
    kill(started)
    assert stop.returncode == 1
    assert f"still running: {process.files.run_id}" in stop.stdout


def test_a_run_directory_of_a_living_process_is_locked(tmp_path):
    process = KernelProcess(tmp_path, WALK)
    started = process.start_run(*SELDOM, "long=0")
    process.wait_for_long_step(started)
    before = process.files.plan.read_text()
    resumed = process.resume("--set", "trainer.iterations=3")
    assert resumed.returncode == 2
    assert f"is being trained by process {started.pid} on " in resumed.stderr
    assert f"kernel stop {process.files.run_id}" in resumed.stderr
    assert process.files.plan.read_text() == before
    clean = process.kernel("clean", "latest", "--yes")
    assert clean.returncode == 2
    assert "is running" in clean.stderr
    assert process.status.state == "running"
    kill(started)
    assert process.status.state == "stopped"
    assert process.resume_here("trainer.long=-1").exit_code == 0


def test_readers_of_a_dead_run_do_not_take_each_other_for_its_process(tmp_path):
    process = KernelProcess(tmp_path, WALK)
    started = process.start_run(*SELDOM, "long=0")
    process.wait_for_long_step(started)
    kill(started)
    files, states = process.files, []

    def read():
        states.extend(read_status(files).state for _ in range(100))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert set(states) == {"stopped"}


def test_resuming_a_finished_run_says_so(unbroken):
    process = KernelProcess(unbroken.folder, WALK)
    resumed = process.resume()
    assert resumed.returncode == 0
    assert "it had finished before" in resumed.stderr
    assert len(process.status.attempts) == 1


def test_signals_are_answered_only_while_the_run_lasts():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with StopRequest() as request:
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.reason == "SIGTERM"
        request.ask("another reason")
        assert request.reason == "SIGTERM"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_each_ctrl_c_says_what_it_does(capsys):
    with StopRequest(raises=False, announcement="stopping soon"):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
    assert capsys.readouterr().err == "stopping soon\nstopping at once\n"


FORKS = """
import multiprocessing

class Tiny(Base):
    def step(self, iteration):
        worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        worker.start()
        os.kill(worker.pid, signal.SIGINT)
        worker.join(timeout=0.2)
        survived = worker.is_alive()
        worker.terminate()
        worker.join(timeout=60)
        code = worker.exitcode
        worker.kill()
        iteration.log(survived=survived, code=code or 0)
"""


def test_forked_workers_outlive_ctrl_c_and_can_be_terminated(kernel_process):
    process = kernel_process(FORKS)
    assert process.run("iterations=1").returncode == 0
    assert process.metrics == [("train", 0, {"survived": 1, "code": -signal.SIGTERM})]
