"""A machine without room on its disk, or without memory."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlkernel.launcher.launcher import JobStatus
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig

from .jobs import run, shell, wait_for, wait_until

CGROUP = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    path = tmp_path / "small"
    path.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(path)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system can be mounted by root only")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def small_memory() -> Iterator[Path]:
    """A control group that has 64 MB."""
    path = CGROUP / f"mlkernel-{os.getpid()}"
    try:
        path.mkdir()
        (path / "memory.limit_in_bytes").write_text(str(64 << 20))
    except OSError:
        pytest.skip("memory control groups of version 1 can be made by root only")
    yield path
    wait_until(lambda: was_removed(path), "the end of all that was in it")


def was_removed(group: Path) -> bool:
    try:
        group.rmdir()
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False  # a process that was killed is not yet waited for
    return True


def test_the_end_of_a_job_is_known_although_the_disk_filled_up(small_disk: Path):
    local = Local(LocalConfig(cpus=1, gpus=0), small_disk / "launcher")
    status = run(local, shell(small_disk, "a", f"cat /dev/zero >{small_disk}/fill; exit 7"))
    assert status == JobStatus(state="failed", exit_code=7, reason="ended with exit code 7")


def test_a_job_that_cannot_be_kept_record_of_does_not_start(small_disk: Path, tmp_path: Path):
    local = Local(LocalConfig(cpus=1, gpus=0), small_disk / "launcher")
    run(local, shell(tmp_path, "first", "true"))
    waiting = shell(tmp_path, "second", f"touch {tmp_path}/begun")
    blocker = shell(tmp_path, "blocker", f"cat /dev/zero >{small_disk}/fill")
    handles = local.submit([blocker, waiting])
    status = wait_for(local, handles)["second"]
    assert status == JobStatus(state="failed", reason="its supervisor could not begin; stderr.txt says why")
    assert "No space left on device" in (waiting.directory / "stderr.txt").read_text()
    assert not (tmp_path / "begun").exists()


def test_a_submission_to_a_disk_without_room_submits_nothing(tmp_path: Path):
    """A limit on the size of files stands for the disk: writing fails in the same place."""
    code = f"""
import resource, sys
from pathlib import Path
from mlkernel import JobSpec, StorageError
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig
folder = Path({str(tmp_path)!r})
local = Local(LocalConfig(cpus=1), folder / "launcher")
long = JobSpec(key="long", argv=("echo", "x" * 5000), directory=folder / "long")
short = JobSpec(key="short", argv=("true",), directory=folder / "short")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    local.submit([short, long])
except StorageError as error:
    sys.exit(str(error) + str(local.find()))
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"no room left to write {tmp_path}/launcher/long.json" in child.stderr
    assert child.stderr.endswith("[]\n")


def test_a_job_that_the_machine_had_no_memory_for_is_told_from_other_kills(
    local: Local, tmp_path: Path, small_memory: Path
):
    allocate = f"{sys.executable} -I -S -c 'x = b\"1\" * (200 << 20)'"
    status = run(local, shell(tmp_path, "a", f"echo $$ >{small_memory}/cgroup.procs; exec {allocate}"))
    assert status == JobStatus(
        state="out_of_memory",
        reason="killed by signal 9 (SIGKILL) when the machine had no memory left",
    )
