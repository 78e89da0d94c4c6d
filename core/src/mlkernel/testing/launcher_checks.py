"""Checks of launchers: jobs run once, are found again by later processes, and what is told of their end is true.

``python -m mlkernel.testing.launcher_checks LAUNCHER FOLDER OVERRIDE...`` submits a job and kills itself.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from mlkernel.discovery.component import Component
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import UsageError
from mlkernel.launcher.launcher import OVER, JobHandle, JobSpec, LauncherCapabilities, Resources
from mlkernel.testing.check import Check, CheckFailed, expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.job_folder import JobFolder, job_folder

SECRET = "mlkernel-check-of-secrets-5d0c1f"  # noqa: S105 - searched for, and known to everybody
CODE_OF_SURVIVOR = 5
SURVIVOR = f"sleep 2; echo survived; exit {CODE_OF_SURVIVOR}"

CALL = """
import socket, sys
for host in sys.argv[2:]:
    try:
        socket.create_connection((host, int(sys.argv[1])), 30).sendall(b"here")
        sys.exit()
    except OSError as error:
        print(host, error, file=sys.stderr)
sys.exit(1)
"""


def launcher_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a launcher; each submits a few jobs of ``/bin/sh``, in a new folder.

    :param overrides: ``path=value``, such as the queue that the jobs shall go to.
    """
    yield from component_checks(component, overrides)
    checks: dict[str, Callable[[JobFolder], None]] = {
        "tells_what_became_of_jobs": _check_states,
        "keeps_what_jobs_write": _check_logs,
        "runs_a_key_once": _check_keys,
        "refuses_what_can_never_be_had": _check_refusal,
        "hides_the_environment": _check_secrets,
        "finds_jobs_again": _check_found_again,
        "lets_jobs_go_on_when_it_is_closed": _check_closed,
        "ends_jobs_that_are_cancelled": _check_cancelled,
        "leaves_jobs_alone_that_are_over": _check_over,
        "keeps_to_time_limits": _check_time_limit,
        "has_lost_what_nobody_knows": _check_unknown,
    }
    capabilities = getattr(component.factory(), "capabilities", LauncherCapabilities())
    if capabilities.memory_limit:
        checks["keeps_to_memory_limits"] = _check_memory_limit
    if capabilities.channel:
        checks["lets_jobs_connect"] = _check_channel
    for name, check in checks.items():
        yield Check(name, partial(_in_folder, check, component, overrides))
    yield Check("survives_the_kill_of_its_submitter", partial(_check_survival, component, overrides))


def _in_folder(check: Callable[[JobFolder], None], component: Component, overrides: Sequence[str]) -> None:
    with job_folder(component, overrides) as folder:
        check(folder)


def _check_states(folder: JobFolder) -> None:
    scripts = {"good": "exit 0", "bad": "exit 3", "killed": "kill -9 $$"}
    good, bad, killed = folder.run(*(folder.shell(key, script) for key, script in scripts.items()))
    expect((good.state, good.exit_code) == ("succeeded", 0), f"exit code 0 is told as {good}")
    expect((bad.state, bad.exit_code) == ("failed", 3), f"exit code 3 is told as {bad}")
    expect(bool(bad.reason), "no reason is given for the failure of a job; a person wants one")
    expect(killed.state == "failed", f"a job that a signal killed is told as {killed}")


def _check_logs(folder: JobFolder) -> None:
    (handle,) = folder.submit(folder.shell("talks", "echo out; echo err >&2; echo more"))
    folder.wait([handle])
    for stream, written in (("stdout", b"out\nmore\n"), ("stderr", b"err\n")):
        content, end = folder.launcher.logs(handle, stream)  # type: ignore[arg-type]  # one of the two
        expect(content == written, f"{stream} is {content!r} instead of {written!r}")
        rest = folder.launcher.logs(handle, stream, end)  # type: ignore[arg-type]  # as above
        expect(rest == (b"", end), f"from its end at {end}, {stream} goes on with {rest}")
    part = folder.launcher.logs(handle, "stdout", 4)
    expect(part == (b"more\n", 9), f"from byte 4 on, stdout is {part}")


def _check_keys(folder: JobFolder) -> None:
    spec = folder.shell("once", "echo once")
    (first,) = folder.submit(spec)
    again = folder.submit(spec, spec)
    folder.wait([first])
    later = folder.make_launcher()
    again += later.submit([spec])
    folder.wait(again, later)
    expect(all(handle == first for handle in again), f"one key has several handles: {[first, *again]}")
    output = folder.output(first)
    expect(output == b"once\n", f"a key that was submitted several times wrote {output!r}")


def _check_refusal(folder: JobFolder) -> None:
    specs = [
        folder.shell("small", "exit 0"),
        folder.shell("large", "exit 0", resources=Resources(cpus=10**6)),
    ]
    try:
        folder.submit(*specs)
    except UsageError:
        expect(not folder.launcher.find(), "one job was refused, and the other submitted nevertheless")
    else:
        raise CheckFailed("a job that asks for a million processors is accepted; raise UsageError")
    try:
        folder.launcher.check(specs[1].resources)
    except UsageError:
        return
    raise CheckFailed("check lets a job pass that submit refuses")


def _check_secrets(folder: JobFolder) -> None:
    spec = folder.shell("secret", 'echo "${#TOKEN}"; sleep 1', environment={"TOKEN": SECRET})
    (handle,) = folder.submit(spec)
    folder.wait_until(lambda: folder.output(handle) != b"" or _is_over(folder, handle), "its output")
    expect(SECRET not in _command_lines(), "the environment of a job stands on a command line")
    folder.wait([handle])
    expect(folder.output(handle) == f"{len(SECRET)}\n".encode(), "the environment does not arrive")
    telling = [path.name for path in folder.path.rglob("*") if path.is_file() and _tells(path)]
    expect(not telling, f"the environment of a job is written to {', '.join(telling)}")


def _tells(path: Path) -> bool:
    return SECRET.encode() in path.read_bytes()


def _command_lines() -> str:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # ended between the two looks
            found.append(path.read_bytes())
    return b"\n".join(found).decode(errors="replace")


def _is_over(folder: JobFolder, handle: JobHandle) -> bool:
    return folder.launcher.poll([handle])[handle.key].state in OVER


def _check_found_again(folder: JobFolder) -> None:
    handles = folder.submit(
        folder.shell("a-1", "exit 1"), folder.shell("a-2", "sleep 1"), folder.shell("b", ":")
    )
    later = folder.make_launcher()
    found = sorted(later.find(), key=lambda handle: handle.key)
    expect(found == handles, f"a later launcher of the folder finds {found} instead of {handles}")
    keys = sorted(handle.key for handle in later.find("a-"))
    expect(keys == ["a-1", "a-2"], f"find('a-') finds {keys}")
    for handle in handles:
        stored = json.loads(json.dumps(dict(handle.native)))
        expect(stored == handle.native, f"{handle.native} is not what JSON makes of it")
    folder.wait(handles)
    codes = {key: status.exit_code for key, status in later.poll(found).items()}
    expect(codes == {"a-1": 1, "a-2": 0, "b": 0}, f"to a later launcher the exit codes are {codes}")


def _check_closed(folder: JobFolder) -> None:
    (handle,) = folder.submit(folder.shell("goes-on", SURVIVOR))
    folder.wait_until(lambda: folder.launcher.poll([handle])[handle.key].state != "queued", "its start")
    folder.launcher.close()
    folder.launcher = folder.make_launcher()
    status = folder.wait([handle])[handle.key]
    expect(status.exit_code == CODE_OF_SURVIVOR, f"after its launcher was closed, a job is {status}")


def _check_cancelled(folder: JobFolder) -> None:
    (handle,) = folder.submit(folder.shell("long", "trap '' TERM; echo begun; sleep 600; sleep 600"))
    folder.wait_until(lambda: folder.output(handle) != b"", "its output")
    folder.launcher.cancel([handle])
    folder.launcher.cancel([handle])
    status = folder.wait([handle])[handle.key]
    expect(status.state == "cancelled", f"a job that was cancelled is told as {status}")


def _check_over(folder: JobFolder) -> None:
    handles = folder.submit(folder.shell("over", "exit 3"))
    before = folder.wait(handles)
    folder.launcher.cancel(handles)
    after = folder.launcher.poll(handles)
    expect(after == before, f"to cancel a job that is over makes {after} of {before}")


def _check_time_limit(folder: JobFolder) -> None:
    (status,) = folder.run(folder.shell("slow", "sleep 1200", resources=Resources(time=1)))
    expect(status.state == "timeout", f"a job over its time limit is told as {status}")
    expect(bool(status.reason), "no reason is given; name the limit")


def _check_memory_limit(folder: JobFolder) -> None:
    # The shell itself, without a program that might be missing, doubles a word until it has hundreds of megabytes.
    script = "x=0123456789abcdef; n=0; while [ $n -lt 25 ]; do x=$x$x; n=$((n+1)); done; sleep 1200"
    (status,) = folder.run(folder.shell("large", script, resources=Resources(memory=100)))
    expect(status.state == "out_of_memory", f"a job over its memory limit is told as {status}")
    expect(bool(status.reason), "no reason is given; name the limit")


def _check_channel(folder: JobFolder) -> None:
    with socket.create_server(("", 0)) as server:
        words = (sys.executable, "-c", CALL, str(server.getsockname()[1]), socket.gethostname(), "127.0.0.1")
        handles = folder.submit(JobSpec(key="calls", argv=words, directory=folder.path / "calls"))
        status = folder.wait(handles)["calls"]
        expect(status.state == "succeeded", f"a job that connects to its submitter is told as {status}")
        server.settimeout(1)
        with server.accept()[0] as connection:
            expect(connection.recv(4) == b"here", "what the job sends does not arrive")


def _check_unknown(folder: JobFolder) -> None:
    (handle,) = folder.submit(folder.shell("known", "exit 0"))
    folder.wait([handle])
    status = folder.make_launcher("elsewhere").poll([handle])[handle.key]
    expect(status.state == "lost", f"a job that the folder knows nothing of is told as {status}")
    expect(bool(status.reason), "no reason is given; say that nothing is known of it")


def _check_survival(component: Component, overrides: Sequence[str]) -> None:
    with job_folder(component, overrides) as folder:
        words = [sys.executable, "-m", __name__, component.reference, str(folder.path), *overrides]
        child = subprocess.run(words, capture_output=True, text=True, check=False)
        expect(child.returncode == -signal.SIGKILL, f"it fails in another process:\n{child.stderr[-2000:]}")
        found = folder.launcher.find()
        expect([handle.key for handle in found] == ["survivor"], f"after the kill, {found} is found")
        status = folder.wait(found)["survivor"]
        expect(
            (status.state, status.exit_code) == ("failed", CODE_OF_SURVIVOR),
            f"its submitter was killed, and a job that ended with {CODE_OF_SURVIVOR} is told as {status}",
        )
        expect(folder.output(found[0]) == b"survived\n", "its submitter was killed, and its output is lost")


def main(words: Sequence[str]) -> None:
    """Submit a job and die as soon as it is certain that it will run."""
    reference, path, *overrides = words
    folder = JobFolder(resolve("launcher", reference), overrides, Path(path))
    (handle,) = folder.submit(folder.shell("survivor", SURVIVOR))
    folder.wait_until(lambda: folder.launcher.poll([handle])[handle.key].state != "queued", "its start")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
