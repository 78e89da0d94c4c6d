"""Jobs go on when whoever submitted them is killed, and a later process learns what became of them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlkernel.launcher.launcher import JobSpec, JobStatus
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig

from .jobs import shell, wait_for, wait_until

SCRIPT = Path(__file__).with_name("submit_and_wait.py")


@contextmanager
def submitting(folder: Path, script: str, count: int, cpus: int) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, str(SCRIPT), str(folder), script, str(count), str(cpus)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def kill_after_submitting(folder: Path, script: str, count: int = 1, cpus: int = 4) -> None:
    with submitting(folder, script, count, cpus) as process:
        assert process.stdout is not None
        for _ in range(count):
            assert process.stdout.readline()


def pid_of(folder: Path, key: str, which: str) -> int:
    return int(json.loads((folder / "launcher" / f"{key}.running.json").read_text())[which][0])


def test_exit_codes_are_learnt_after_the_submitter_was_killed(local: Local, tmp_path: Path):
    kill_after_submitting(tmp_path, "sleep 0.$1; exit $1", count=4)
    states = {key: status.exit_code for key, status in wait_for(local, local.find()).items()}
    assert states == {"000": 0, "001": 1, "002": 2, "003": 3}


def test_a_running_job_goes_on_and_can_be_cancelled_by_a_later_process(local: Local, tmp_path: Path):
    kill_after_submitting(tmp_path, "echo begun; sleep 300")
    (handle,) = local.find()
    assert local.poll([handle])["000"] == JobStatus(state="running")
    wait_until(lambda: local.logs(handle, "stdout")[0] == b"begun\n", "its output")
    local.cancel([handle])
    assert wait_for(local, [handle])["000"] == JobStatus(state="cancelled", reason="cancelled")


def test_what_still_waited_is_lost_until_it_is_submitted_again(local: Local, tmp_path: Path):
    kill_after_submitting(tmp_path, "test $1 = 1 || sleep 300", count=2, cpus=1)
    handles = local.find()
    statuses = local.poll(handles)
    assert [statuses["000"].state, statuses["001"].state] == ["running", "lost"]
    assert statuses["001"].reason == "it was still waiting when its submitter ended; submit it again"
    assert local.submit([shell(tmp_path, "001", "true")]) == handles[1:]
    assert wait_for(local, handles[1:])["001"].state == "succeeded"


def test_jobs_of_a_killed_submitter_still_take_their_slots(tmp_path: Path):
    kill_after_submitting(tmp_path, "while ! test -e go; do sleep 0.01; done", cpus=1)
    local = Local(LocalConfig(cpus=1, gpus=0), tmp_path / "launcher")
    (later,) = local.submit([shell(tmp_path, "later", "true")])
    (earlier,) = local.find("000")
    assert [local.poll([h])[h.key].state for h in (earlier, later)] == ["running", "queued"]
    local.cancel([earlier])
    assert wait_for(local, [earlier, later])["later"].state == "succeeded"


def test_a_waiting_job_of_a_living_submitter_is_queued_for_everybody(local: Local, tmp_path: Path):
    with submitting(tmp_path, "sleep 300", count=2, cpus=1) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["000\n", "001\n"]
        assert local.poll(local.find())["001"] == JobStatus(state="queued")


def test_closing_a_launcher_lets_go_of_what_runs_and_forgets_what_waits(tmp_path: Path, local: Local):
    first = Local(LocalConfig(cpus=1, gpus=0), tmp_path / "launcher")
    first.submit([shell(tmp_path, "a", "sleep 0.2; exit 4"), shell(tmp_path, "b", "true")])
    first.close()
    assert [handle.key for handle in local.find()] == ["a"]
    assert wait_for(local, local.find())["a"].exit_code == 4


def test_a_job_whose_supervisor_was_killed_is_lost_once_it_is_gone(local: Local, tmp_path: Path):
    (handle,) = local.submit(
        [shell(tmp_path, "a", "while ! test -e go; do sleep 0.01; done", working_directory=tmp_path)]
    )
    wait_until((tmp_path / "launcher" / "a.running.json").exists, "its start")
    os.kill(pid_of(tmp_path, "a", "supervisor"), signal.SIGKILL)
    wait_until(lambda: local.poll([handle])["a"].native_state, "notice of the kill")
    assert local.poll([handle])["a"].state == "running"
    (tmp_path / "go").touch()
    status = wait_for(local, [handle])["a"]
    assert (status.state, status.reason) == (
        "lost",
        "its supervisor was killed, and nobody knows how it ended",
    )


def test_a_job_without_supervisor_can_be_cancelled(local: Local, tmp_path: Path):
    (handle,) = local.submit([shell(tmp_path, "a", "trap '' TERM; echo begun; sleep 300", grace=0.1)])
    wait_until(lambda: local.logs(handle, "stdout")[0], "its output")
    os.kill(pid_of(tmp_path, "a", "supervisor"), signal.SIGKILL)
    wait_until(lambda: local.poll([handle])["a"].native_state, "notice of the kill")
    local.cancel([handle])
    assert wait_for(local, [handle])["a"] == JobStatus(
        state="cancelled", reason="cancelled; its supervisor was killed"
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ("boot", "the machine was restarted while it was running"),
        ("start", "its supervisor was killed, and nobody knows how it ended"),
    ],
)
def test_a_later_process_of_the_same_number_is_not_taken_for_the_job(local, tmp_path, changed, reason):
    """Files as another boot, or another process of this number, would have left them; this process has the number."""
    local.submit([shell(tmp_path, "a", "true")])
    wait_for(local, local.find())
    folder = tmp_path / "launcher"
    (folder / "a.over.json").unlink()
    me = [os.getpid(), 1]
    (folder / "a.running.json").write_text(json.dumps({"supervisor": me, "gpus": [], "command": me}))
    if changed == "boot":
        submitted = json.loads((folder / "a.json").read_text())
        submitted["submitter"]["boot"] = "another"
        (folder / "a.json").write_text(json.dumps(submitted))
    local.cancel(local.find())
    assert local.poll(local.find())["a"].reason == reason


def test_time_limits_hold_without_the_submitter(tmp_path: Path):
    folder = tmp_path / "launcher"
    code = f"""
import os, signal
from pathlib import Path
from mlkernel import JobSpec, Resources
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig
needs = Resources(time=0.5)
Local(LocalConfig(), Path({str(folder)!r})).submit(
    [JobSpec(key="a", argv=("sleep", "300"), directory=Path({str(tmp_path)!r}), resources=needs)]
)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    local = Local(LocalConfig(), folder)
    assert wait_for(local, local.find())["a"].state == "timeout"


@pytest.mark.parametrize("seed", range(6))
def test_no_job_is_lost_or_run_twice_when_the_submitter_is_killed_at_random_moments(
    tmp_path: Path, seed: int
):
    chance = random.Random(seed)
    count, script = 12, f"echo $1 >>{tmp_path}/log; sleep 0.05; exit $1"
    with submitting(tmp_path, script, count, cpus=2):
        time.sleep(chance.uniform(0.1, 0.6))
    local = Local(LocalConfig(cpus=2, gpus=0), tmp_path / "launcher")
    found = {handle.key for handle in local.find()}
    specs = [
        JobSpec(key=f"{n:03}", argv=("/bin/sh", "-c", script, "job", str(n)), directory=tmp_path / str(n))
        for n in range(count)
    ]
    handles = local.submit(specs)
    codes = {key: status.exit_code for key, status in wait_for(local, handles).items()}
    assert found <= codes.keys()
    assert codes == {f"{number:03}": number for number in range(count)}
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == list(range(count))


@pytest.mark.parametrize("seed", range(3))
def test_a_supervisor_that_is_killed_at_a_random_moment_makes_nothing_run_twice_or_succeed(
    tmp_path: Path, seed: int
):
    chance = random.Random(seed)
    for number in range(15):
        first = Local(LocalConfig(cpus=1, gpus=0), tmp_path / "launcher")
        spec = shell(tmp_path, f"{number}", "echo begun; sleep 0.03; exit 3")
        (handle,) = first.submit([spec])
        time.sleep(chance.uniform(0, 0.06))
        os.kill(first._supervisors[handle.key], signal.SIGKILL)
        wait_for(first, [handle])
        first.close()
        later = Local(LocalConfig(cpus=1, gpus=0), tmp_path / "launcher")
        wait_for(later, later.submit([spec]))
        status, output = later.poll([handle])[handle.key], later.logs(handle, "stdout")[0]
        assert (status.state, status.exit_code) in {("lost", None), ("failed", 3)}
        assert output in {b"", b"begun\n"}
        assert status.state == "lost" or output
