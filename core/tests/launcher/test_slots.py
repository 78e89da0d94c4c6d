"""Jobs share processors and devices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlkernel.launcher.launcher import JobSpec, Resources
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig
from mlkernel.launcher.slots import usable_cpus, visible_gpus

from .jobs import shell, wait_for, wait_until

ENVIRONMENT = 'echo "[$CUDA_VISIBLE_DEVICES] $OMP_NUM_THREADS"'


def launcher(folder: Path, **options) -> Local:
    return Local(LocalConfig(**options), folder / "launcher")


def running_keys(local: Local) -> str:
    return "".join(key for key, status in local.poll(local.find()).items() if status.state == "running")


def test_no_more_jobs_run_than_there_are_processors_and_they_run_in_order(tmp_path: Path):
    local = launcher(tmp_path, cpus=2)
    script = f"while ! test -e {tmp_path}/$0/over; do sleep 0.01; done"
    specs = [
        JobSpec(key=key, argv=("/bin/sh", "-c", script, key), directory=tmp_path / key) for key in "abcd"
    ]
    handles = local.submit(specs)
    for ended, running in ((None, "ab"), ("a", "bc"), ("b", "cd")):
        if ended:
            (tmp_path / ended / "over").touch()
        wait_until(lambda expected=running: running_keys(local) == expected, f"{running} to run")
    for key in "cd":
        (tmp_path / key / "over").touch()
    assert {status.state for status in wait_for(local, handles).values()} == {"succeeded"}


def test_a_large_job_is_not_overtaken_for_ever(tmp_path: Path):
    local = launcher(tmp_path, cpus=2)
    wait = "while ! test -e go; do sleep 0.01; done"
    small, large, last = local.submit(
        [
            shell(tmp_path, "small", wait, working_directory=tmp_path),
            shell(tmp_path, "large", "true", resources=Resources(cpus=2)),
            shell(tmp_path, "last", "true"),
        ]
    )
    states = local.poll([small, large, last])
    assert [states[key].state for key in ("small", "large", "last")] == ["running", "queued", "queued"]
    (tmp_path / "go").touch()
    assert {status.state for status in wait_for(local, [small, large, last]).values()} == {"succeeded"}


def test_each_job_sees_devices_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    local = launcher(tmp_path, cpus=8, gpus=[4, "GPU-7"])
    script = f"{ENVIRONMENT}; while ! test -e go; do sleep 0.01; done"
    one, two, none = local.submit(
        [
            shell(tmp_path, "one", script, resources=Resources(gpus=1), working_directory=tmp_path),
            shell(tmp_path, "two", script, resources=Resources(gpus=1, cpus=3), working_directory=tmp_path),
            shell(tmp_path, "none", ENVIRONMENT),
        ]
    )
    wait_for(local, [none])
    for handle in (one, two):
        wait_until(lambda handle=handle: local.logs(handle, "stdout")[0], "its output")
    (both,) = local.submit([shell(tmp_path, "both", ENVIRONMENT, resources=Resources(gpus=2))])
    assert local.poll([both])["both"].state == "queued"
    (tmp_path / "go").touch()
    wait_for(local, [one, two, both])
    seen = [local.logs(handle, "stdout")[0] for handle in (one, two, none, both)]
    assert seen == [b"[4] 1\n", b"[GPU-7] 3\n", b"[] 1\n", b"[4,GPU-7] 1\n"]


def test_without_devices_the_variable_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    local = launcher(tmp_path, gpus=0)
    (handle,) = local.submit([shell(tmp_path, "a", ENVIRONMENT)])
    wait_for(local, [handle])
    assert local.logs(handle, "stdout")[0] == b"[5] 7\n"


def test_a_waiting_job_that_is_cancelled_never_starts(tmp_path: Path):
    local = launcher(tmp_path, cpus=1)
    first, second = local.submit([shell(tmp_path, "a", "sleep 300"), shell(tmp_path, "b", "true")])
    local.cancel([second, first])
    states = wait_for(local, [first, second])
    assert [states["a"].state, states["b"].state] == ["cancelled", "cancelled"]
    assert states["b"].reason == "cancelled before it started"
    assert not (tmp_path / "jobs" / "b").exists()


def test_the_devices_of_the_machine_are_those_that_this_process_may_use(tmp_path: Path):
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_gpus({}, tmp_path) == ["0", "1"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "3, GPU-a"}, tmp_path) == ["3", "GPU-a"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == []
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "-1"}, tmp_path) == []
    assert usable_cpus() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("gpus", "said"), [(-1, "must be >= 0"), ([0, 1, "0"], "twice"), (["0,1"], "UUIDs of devices")]
)
def test_devices_that_cannot_be_are_refused(gpus, said):
    with pytest.raises(ValueError, match=said):
        LocalConfig(gpus=gpus)
