"""The process that forks jobs lives as long as its launcher; whatever becomes of it, jobs are started once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mlkernel.launcher import fork_server
from mlkernel.launcher.launcher import JobStatus
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig

from .forkable import IS_FORKED, MODULES, fork_servers, forkable
from .jobs import run, shell, wait_for, wait_until

ROOT = Path(__file__).parents[3]
UNTIL_GO = f"""
import time, pathlib
print({IS_FORKED}, flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""
SUBMIT = """
import sys, time
from pathlib import Path
from core.tests.launcher.forkable import forkable
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig
folder, code, count, module = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
local = Local(LocalConfig(cpus=2, gpus=0), folder / "launcher")
for number in range(count):
    spec = forkable(folder, f"{number:03}", code.format(number), module=module, working_directory=folder)
    local.submit([spec])
    print(number, flush=True)
while True:
    local.poll(local.find())
    time.sleep(0.01)
"""

Servers = Callable[[], list[int]]


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{MODULES}:{ROOT}")
    monkeypatch.chdir(tmp_path)  # where the imports of the server look for what they wait for


@pytest.fixture
def servers() -> Servers:
    """Those of this process that were not there, nor waited for, when the test began."""
    earlier = fork_servers()
    return lambda: [server for server in fork_servers() if server not in earlier]


@contextmanager
def submitting(
    folder: Path, code: str, count: int = 1, module: str = "says"
) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", SUBMIT, str(folder), code, str(count), module]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def output(local: Local, key: str) -> str:
    (handle,) = local.find(key)
    return local.logs(handle, "stdout")[0].decode()


def children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def holders_of(file: Path) -> list[int]:
    """Processes that have *file* open, each as often as it has."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it is over
            for link in (process / "fd").iterdir():
                with suppress(FileNotFoundError):  # closed meanwhile
                    found += [int(process.name)] * (link.readlink() == file)
    return found


def lives(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_it_starts_with_the_first_job_that_may_be_forked_and_ends_with_the_launcher(
    local: Local, tmp_path: Path, servers: Servers
):
    run(local, shell(tmp_path, "shell", "true"))
    run(local, forkable(tmp_path, "plain", "pass", forkable=False))
    assert servers() == []
    handles = local.submit(
        [forkable(tmp_path, f"{n}", UNTIL_GO, working_directory=tmp_path) for n in range(2)]
    )
    assert len(servers()) == 1
    wait_until(lambda: output(local, "0") == output(local, "1") == "True\n", "their output")
    local.close()
    assert servers() == []
    other = Local(LocalConfig(cpus=4, gpus=0), tmp_path / "launcher")
    assert {status.state for status in other.poll(handles).values()} == {"running"}
    (tmp_path / "go").touch()
    assert {status.state for status in wait_for(other, handles).values()} == {"succeeded"}


def test_it_keeps_nothing_of_jobs_that_are_over(local: Local, tmp_path: Path, servers: Servers):
    kept = []
    for number in range(3):
        assert run(local, forkable(tmp_path, f"{number}", "pass")).state == "succeeded"
        (server,) = servers()
        wait_until(lambda server=server: not children(server), "the end of the supervisor")
        kept.append({path.name for path in Path(f"/proc/{server}/fd").iterdir()})
    assert kept[0] == kept[1] == kept[2]


def test_the_lock_is_the_supervisors_alone(local: Local, tmp_path: Path):
    handles = local.submit([forkable(tmp_path, "a", UNTIL_GO, working_directory=tmp_path)])
    wait_until(lambda: output(local, "a"), "its output")
    local.poll(handles)
    holders = holders_of(tmp_path / "launcher" / "a.json")
    record = json.loads((tmp_path / "launcher" / "a.running.json").read_text())
    assert holders == [record["supervisor"][0]]
    assert os.getsid(holders[0]) == holders[0]
    (tmp_path / "go").touch()
    assert wait_for(local, handles)["a"].state == "succeeded"


@pytest.mark.parametrize("module", ["starts_a_thread", "broken", "no_such_module"])
def test_a_module_that_it_cannot_fork_after_is_started(local: Local, tmp_path: Path, module: str):
    statuses = [
        run(local, forkable(tmp_path, f"{fork}", f"print({IS_FORKED})", module=module, forkable=fork))
        for fork in (True, False)
    ]
    assert statuses[0] == statuses[1]
    written = [[local.logs(handle, s)[0] for s in ("stdout", "stderr")] for handle in local.find()]
    assert written[0] == written[1]
    assert run(local, forkable(tmp_path, "after", "pass")).state == "succeeded"


def test_a_job_with_more_words_than_it_can_be_told_is_started(local: Local, tmp_path: Path):
    environment = {f"V{number}": "x" * 100_000 for number in range(5)}
    spec = forkable(tmp_path, "a", f"print({IS_FORKED})", environment=environment)
    assert run(local, spec).state == "succeeded"
    assert output(local, "a") == "False\n"


def test_when_it_is_killed_its_jobs_go_on_and_later_ones_are_started(
    local: Local, tmp_path: Path, servers: Servers
):
    running = local.submit([forkable(tmp_path, "a", UNTIL_GO, working_directory=tmp_path)])
    wait_until(lambda: output(local, "a"), "its output")
    for server in servers():
        os.kill(server, signal.SIGKILL)
    assert run(local, forkable(tmp_path, "b", f"print({IS_FORKED}); sys.exit(4)")).exit_code == 4
    assert output(local, "b") == "False\n"
    assert servers() == []
    (tmp_path / "go").touch()
    assert wait_for(local, running)["a"] == JobStatus(state="succeeded", exit_code=0)


def test_what_it_was_asked_for_when_it_was_killed_is_started(local: Local, tmp_path: Path, servers: Servers):
    code = f"print({IS_FORKED}); sys.exit(4)"
    handles = local.submit(
        [forkable(tmp_path, key, code, module="waits", working_directory=tmp_path) for key in "ab"]
    )
    assert {status.state for status in local.poll(handles).values()} == {"running"}
    for server in servers():
        os.kill(server, signal.SIGKILL)
    (tmp_path / "go").touch()
    assert {status.exit_code for status in wait_for(local, handles).values()} == {4}
    assert [output(local, key) for key in "ab"] == ["False\n"] * 2
    assert servers() == []


def test_what_it_is_silent_about_for_too_long_is_started(
    local: Local, tmp_path: Path, monkeypatch, servers: Servers
):
    monkeypatch.setattr(fork_server, "_PATIENCE_SECONDS", 0.5)
    code = f"print({IS_FORKED})"
    handles = local.submit([forkable(tmp_path, "a", code, module="waits", working_directory=tmp_path)])
    wait_until(lambda: local.poll(handles) and not servers(), "its end")
    (tmp_path / "go").touch()
    assert wait_for(local, handles)["a"].state == "succeeded"
    assert output(local, "a") == "False\n"


def test_a_job_without_a_directory_to_start_in_fails(local: Local, tmp_path: Path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    status = run(local, forkable(tmp_path, "a", "pass"))
    assert status == JobStatus(state="failed", reason="cannot be started: No such file or directory")


def test_what_waits_for_its_imports_can_be_cancelled(local: Local, tmp_path: Path):
    handles = local.submit([forkable(tmp_path, "a", "print(1)", module="waits", working_directory=tmp_path)])
    local.cancel(handles)
    (tmp_path / "go").touch()
    assert wait_for(local, handles)["a"].state == "cancelled"
    assert output(local, "a") == ""


def test_what_it_was_asked_for_when_its_launcher_was_killed_is_started_by_it(local: Local, tmp_path: Path):
    with submitting(tmp_path, "sys.exit(3)", module="waits") as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        (server,) = fork_servers(process.pid)
    (tmp_path / "go").touch()
    assert wait_for(local, local.find())["000"].exit_code == 3
    wait_until(lambda: not lives(server), "its end")


@pytest.mark.parametrize("seed", range(6))
def test_no_job_is_lost_or_run_twice_when_the_launcher_is_killed_at_random_moments(
    local: Local, tmp_path: Path, seed: int
):
    count, code = 12, "open('log', 'a').write('{0}\\n'); import time; time.sleep(0.05); sys.exit({0})"
    with submitting(tmp_path, code, count) as process:
        time.sleep(random.Random(seed).uniform(0.2, 1.0))
        known = fork_servers(process.pid)
    wait_until(lambda: not any(lives(server) for server in known), "its end")
    specs = [
        forkable(tmp_path, f"{n:03}", code.format(n), working_directory=tmp_path, forkable=seed % 2 == 0)
        for n in range(count)
    ]
    statuses = wait_for(local, local.submit(specs))
    assert {key: status.exit_code for key, status in statuses.items()} == {f"{n:03}": n for n in range(count)}
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == list(range(count))


@pytest.mark.parametrize("seed", range(6))
def test_no_job_is_lost_or_run_twice_when_it_is_killed_at_a_random_moment(
    local: Local, tmp_path: Path, seed: int, servers: Servers
):
    code = "open('log', 'a').write('{0}\\n'); import time; time.sleep(0.02); sys.exit({0})"
    specs = [forkable(tmp_path, f"{n:02}", code.format(n), working_directory=tmp_path) for n in range(10)]
    handles = local.submit(specs)
    deadline = time.monotonic() + random.Random(seed).uniform(0.05, 0.5)
    while time.monotonic() < deadline:
        local.poll(handles)
    for server in servers():
        os.kill(server, signal.SIGKILL)
    statuses = wait_for(local, handles)
    assert {key: status.exit_code for key, status in statuses.items()} == {f"{n:02}": n for n in range(10)}
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == list(range(10))


@pytest.mark.parametrize("seed", range(3))
def test_a_supervisor_that_is_killed_at_a_random_moment_makes_nothing_run_twice_or_succeed(
    local: Local, tmp_path: Path, seed: int, servers: Servers
):
    chance = random.Random(seed)
    run(local, forkable(tmp_path, "first", "pass"))
    (server,) = servers()
    for number in range(15):
        spec = forkable(
            tmp_path, f"{number}", "print('begun', flush=True); import time; time.sleep(0.03); sys.exit(3)"
        )
        (handle,) = local.submit([spec])
        time.sleep(chance.uniform(0, 0.06))
        for supervisor in children(server):
            with suppress(ProcessLookupError):  # it has ended by itself
                os.kill(supervisor, signal.SIGKILL)
        status = wait_for(local, [handle])[handle.key]
        written = output(local, handle.key)
        assert (status.state, status.exit_code) in {("lost", None), ("failed", 3), ("failed", None)}
        assert written in {"", "begun\n"}
        assert status.state == "lost" or written or "supervisor could not begin" in (status.reason or "")
