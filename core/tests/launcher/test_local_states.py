"""What becomes of a job is told truly."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from mlkernel.errors import UsageError
from mlkernel.launcher.launcher import JobSpec, JobStatus, Resources
from mlkernel.launcher.local import Local

from .jobs import python, run, shell, wait_for, wait_until


def test_an_exit_code_of_0_is_a_success_and_the_output_is_kept(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "echo out; echo err >&2")
    assert run(local, spec) == JobStatus(state="succeeded", exit_code=0)
    assert (spec.directory / "stdout.txt").read_text() == "out\n"
    assert (spec.directory / "stderr.txt").read_text() == "err\n"


def test_any_other_exit_code_is_a_failure(local: Local, tmp_path: Path):
    status = run(local, shell(tmp_path, "a", "exit 137"))
    assert status == JobStatus(state="failed", exit_code=137, reason="ended with exit code 137")


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (11, "SIGSEGV"), (15, "SIGTERM")])
def test_a_signal_is_named_and_is_no_exit_code(local: Local, tmp_path: Path, number: int, name: str):
    status = run(local, shell(tmp_path, "a", f"kill -{number} $$"))
    assert status == JobStatus(state="failed", reason=f"killed by signal {number} ({name})")


def test_a_command_that_does_not_exist_is_named(local: Local, tmp_path: Path):
    status = run(local, JobSpec(key="a", argv=("no-such-program",), directory=tmp_path))
    assert status.state == "failed"
    assert status.reason == "cannot start 'no-such-program': No such file or directory"


def test_a_working_directory_that_does_not_exist_is_named(local: Local, tmp_path: Path):
    status = run(local, shell(tmp_path, "a", "true", working_directory=tmp_path / "gone"))
    assert (status.state, status.reason) == (
        "failed",
        f"cannot start in '{tmp_path / 'gone'}': No such file or directory",
    )


def test_the_command_starts_where_it_was_told_with_default_signals(local: Local, tmp_path: Path):
    code = "import os, signal; print(os.getcwd(), signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    spec = python(tmp_path, "a", code, working_directory=tmp_path)
    assert run(local, spec).state == "succeeded"
    assert (spec.directory / "stdout.txt").read_text() == f"{tmp_path} set()\n"


def test_a_broken_pipe_ends_a_command_as_it_does_in_a_shell(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "(yes; echo $? >status) | head -n 1 >/dev/null", working_directory=tmp_path)
    assert run(local, spec).state == "succeeded"
    assert (
        tmp_path / "status"
    ).read_text() == "141\n"  # 128 + SIGPIPE; with the signal ignored, yes fails with 1


def test_what_a_command_leaves_behind_ends_with_it(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "sleep 300 & echo $!")
    assert run(local, spec).state == "succeeded"
    left = (spec.directory / "stdout.txt").read_text().strip()
    assert not Path(f"/proc/{left}").exists() or ") Z " in Path(f"/proc/{left}/stat").read_text()


def test_a_job_over_its_time_limit_is_stopped_and_says_so(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "sleep 300", resources=Resources(time=0.2))
    assert run(local, spec) == JobStatus(state="timeout", reason="over its time limit of 0.2 s")


def test_a_job_that_ends_well_when_its_time_is_over_is_still_over_its_limit(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "trap 'exit 0' TERM; sleep 300 & wait", resources=Resources(time=10))
    assert run(local, spec) == JobStatus(state="timeout", exit_code=0, reason="over its time limit of 10 s")


def test_a_job_that_does_not_listen_is_ended_by_force_after_its_grace(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "trap '' TERM; sleep 300", resources=Resources(time=10), grace=0.3)
    status = run(local, spec)
    assert status.state == "timeout"
    assert status.reason == "over its time limit of 10 s; ended by force after 0.3 s"


def test_the_memory_of_all_processes_of_a_job_counts_together(local: Local, tmp_path: Path):
    allocate = "x = bytearray(60 << 20); x[::4096] = bytes([1]) * len(x[::4096])"
    code = f"import os, time; os.fork(); {allocate}; time.sleep(300)"
    status = run(local, python(tmp_path, "a", code, resources=Resources(memory=100)))
    assert status.state == "out_of_memory"
    assert status.reason is not None
    assert status.reason.startswith("over its memory limit of 100 MB: it used 1")


def test_memory_that_processes_share_counts_once(local: Local, tmp_path: Path):
    allocate = "x = bytearray(60 << 20); x[::4096] = bytes([1]) * len(x[::4096])"
    code = f"import os, time; {allocate}; os.fork(); os.fork(); time.sleep(1)"
    spec = python(tmp_path, "a", code, resources=Resources(memory=100))
    assert run(local, spec) == JobStatus(state="succeeded", exit_code=0)


def test_a_cancelled_job_ends_with_all_its_processes(local: Local, tmp_path: Path):
    spec = shell(
        tmp_path, "a", "trap '' TERM; sh -c \"trap '' TERM; echo $$; sleep 300; true\"; true", grace=0.2
    )
    handles = local.submit([spec])
    wait_until(lambda: local.logs(handles[0], "stdout")[0], "the first line")
    local.cancel(handles)
    status = wait_for(local, handles)["a"]
    assert status == JobStatus(state="cancelled", reason="cancelled; ended by force after 0.2 s")
    ended = int(local.logs(handles[0], "stdout")[0])
    assert not Path(f"/proc/{ended}").exists()


def test_to_cancel_a_job_that_is_over_changes_nothing(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "exit 3")
    before = run(local, spec)
    local.cancel(local.find())
    assert local.poll(local.find()) == {"a": before}


def test_a_key_that_is_submitted_twice_runs_once(local: Local, tmp_path: Path):
    spec = shell(tmp_path, "a", "echo once")
    (handle,) = local.submit([spec])
    wait_for(local, [handle])
    assert local.submit([spec, spec]) == [handle, handle]
    wait_for(local, [handle])
    assert (spec.directory / "stdout.txt").read_text() == "once\n"


@pytest.mark.parametrize("key", ["000012-0/1", "x.running", "x.over", "..", "ü" * 150, "a b\n"])
def test_keys_may_have_any_characters(local: Local, tmp_path: Path, key: str):
    spec = JobSpec(key=key, argv=("true",), directory=tmp_path / "job")
    other = JobSpec(key="x", argv=("false",), directory=tmp_path / "other")
    handles = local.submit([spec, other])
    assert {k: s.state for k, s in wait_for(local, handles).items()} == {key: "succeeded", "x": "failed"}
    assert [handle.key for handle in local.find(key)] == [key]


def test_logs_go_on_where_the_last_look_ended(local: Local, tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    script = "echo one; read word < fifo; echo two"
    (handle,) = local.submit([shell(tmp_path, "a", script, working_directory=tmp_path)])
    wait_until(lambda: local.logs(handle, "stdout") == (b"one\n", 4), "the first line")
    assert local.logs(handle, "stdout", 4) == (b"", 4)
    (tmp_path / "fifo").write_text("go\n")
    wait_for(local, [handle])
    assert local.logs(handle, "stdout", 4) == (b"two\n", 8)


def test_a_job_that_nobody_knows_is_lost(local: Local, tmp_path: Path):
    (handle,) = local.submit([shell(tmp_path, "a", "true")])
    wait_for(local, [handle])
    other = Local(local._config, tmp_path / "elsewhere")
    status = other.poll([handle])["a"]
    assert (status.state, status.reason) == ("lost", f"nothing is known of it in {tmp_path / 'elsewhere'}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"resources": Resources(cpus=5)}, "asks for 5 cpus, of 4 that there are"),
        ({"resources": Resources(gpus=1)}, "asks for 1 gpus, of 0 that there are"),
        ({"resources": Resources(extra={"queue": "long"})}, "local knows no queue"),
        ({"argv": ()}, "its command is empty"),
        ({"argv": ("echo", "a\0b")}, "null character"),
        ({"environment": {"A=B": "c"}}, "contains '='"),
        ({"key": ""}, "its key is empty"),
    ],
)
def test_what_can_never_run_is_refused_and_nothing_of_it_submitted(local, tmp_path, change, said):
    fields = {"key": "b", "argv": ("true",), "directory": tmp_path / "b", **change}
    with pytest.raises(UsageError, match=said):
        local.submit([shell(tmp_path, "a", "true"), JobSpec(**fields)])
    assert local.find() == []


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (Resources(cpus=5), "asks for 5 cpus, of 4 that there are"),
        (Resources(gpus=1), "asks for 1 gpus, of 0 that there are"),
        (Resources(extra={"queue": "long"}), "local knows no queue"),
    ],
)
def test_what_can_never_be_had_is_known_before_a_job_is_submitted(local, resources, said):
    local.check(Resources(cpus=4))
    with pytest.raises(UsageError, match=said):
        local.check(resources)


@pytest.mark.parametrize("limit", [{"memory": 0}, {"time": 0.0}, {"time": -1.0}, {"cpus": 0}, {"gpus": -1}])
def test_there_are_no_limits_of_nothing(limit):
    with pytest.raises(ValueError, match="must be"):
        Resources(**limit)


def test_a_command_that_is_too_long_fails_and_says_so(local: Local, tmp_path: Path):
    spec = JobSpec(key="a", argv=("echo", "x" * 200_000), directory=tmp_path / "a")
    assert run(local, spec) == JobStatus(state="failed", reason="cannot be started: Argument list too long")


def test_jobs_that_are_cancelled_at_any_moment_end_and_leave_nothing_behind(local: Local, tmp_path: Path):
    chance = random.Random(0)
    for number in range(30):
        handles = local.submit(
            [shell(tmp_path, f"{number}", f"sleep 0.03; touch {tmp_path}/{number}; exit 3")]
        )
        time.sleep(chance.uniform(0, 0.08))
        local.cancel(handles)
        status = wait_for(local, handles)[f"{number}"]
        finished = (tmp_path / f"{number}").exists()
        assert status.state == "cancelled" or (finished and status.exit_code == 3)
    assert local._supervisors == {}
