"""What stands in a job's environment never reaches a file or a command line."""

from __future__ import annotations

import os
from pathlib import Path

from mlkernel.launcher.launcher import JobSpec, Resources
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig

from .jobs import command_lines, shell, wait_for, wait_until

SECRET = "correct-horse-battery-staple"


def texts_of(folder: Path) -> bytes:
    return b"".join(path.name.encode() + path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_environment_arrives_and_is_seen_nowhere_else(tmp_path: Path):
    local = Local(LocalConfig(cpus=1), tmp_path / "launcher")
    script = 'echo "${#TOKEN}"; while ! test -e go; do sleep 0.01; done'
    running, waiting = local.submit(
        [
            shell(tmp_path, key, script, environment={"TOKEN": SECRET}, working_directory=tmp_path)
            for key in ("running", "waiting")
        ]
    )
    wait_until(lambda: local.logs(running, "stdout")[0], "its output")
    assert local.poll([waiting])["waiting"].state == "queued"
    assert SECRET.encode() not in command_lines()
    assert SECRET.encode() not in texts_of(tmp_path)
    (tmp_path / "go").touch()
    wait_for(local, [running, waiting])
    assert local.logs(waiting, "stdout")[0] == f"{len(SECRET)}\n".encode()
    assert SECRET.encode() not in texts_of(tmp_path)


def test_a_job_that_cannot_start_tells_no_secret(local: Local, tmp_path: Path):
    spec = JobSpec(
        key="a", argv=("no-such-program",), directory=tmp_path / "a", environment={"TOKEN": SECRET}
    )
    assert SECRET not in repr(spec)
    status = wait_for(local, local.submit([spec]))["a"]
    assert status.state == "failed"
    assert SECRET not in repr(status)
    assert SECRET.encode() not in texts_of(tmp_path)


def test_the_environment_that_it_is_started_with_is_the_launchers_own_and_what_was_added(
    local: Local, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("INHERITED", "1")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    script = "echo $INHERITED $PYTHONPATH $PATH"
    environment = {"PATH": f"/added:{os.environ['PATH']}"}
    (handle,) = local.submit([shell(tmp_path, "a", script, environment=environment, resources=Resources())])
    wait_for(local, [handle])
    assert local.logs(handle, "stdout")[0].decode() == f"1 /somewhere {environment['PATH']}\n"
