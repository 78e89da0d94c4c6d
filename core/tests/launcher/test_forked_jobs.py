"""A job that is forked finds, and leaves behind, what it would if its interpreter had been started for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mlkernel.launcher.launcher import JobStatus, Resources
from mlkernel.launcher.local import Local

from .forkable import IS_FORKED, MODULES, forkable
from .jobs import command_lines, run, wait_for, wait_until

BOTH = pytest.mark.parametrize("fork", [True, False], ids=["forked", "started"])

SURROUNDINGS = f"""
import json, os, signal, stat, threading
main = sys.modules["__main__"]
print(json.dumps(dict(
    forked={IS_FORKED},
    argv=sys.argv, orig_argv=sys.orig_argv, path=sys.path, flags=list(sys.flags), prefix=sys.prefix,
    main=[main.__name__, main.__file__, main.__package__, main.__cached__, main.__doc__, main.__spec__.name,
          type(main.__builtins__).__name__, sorted(vars(main).keys() - {{"__annotations__", "json", "os"}})],
    working_directory=os.getcwd(), environment=dict(os.environ),
    files=sorted(os.listdir("/proc/self/fd")), input=os.readlink("/proc/self/fd/0"),
    streams=[[s.name, s.encoding, s.errors, s.line_buffering, s.write_through, s.mode, s.isatty()]
             for s in (sys.stdin, sys.stdout, sys.stderr)],
    command_line=open("/proc/self/cmdline").read().rstrip(chr(0)).split(chr(0)),
    handlers=[[n, str(signal.getsignal(n)).split(" at ")[0]] for n in sorted(signal.valid_signals())],
    mask=sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), umask=os.umask(0o22),
    session=os.getsid(0) == os.getpid(), group=os.getpgrp() == os.getpid(),
    threads=[threading.active_count(), threading.current_thread() is threading.main_thread(),
             threading.main_thread().native_id == os.getpid()],
    children=open(f"/proc/self/task/{{os.getpid()}}/children").read(),
)))
"""


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(MODULES))


def output(local: Local, key: str, stream: str = "stdout") -> str:
    (handle,) = local.find(key)
    return local.logs(handle, stream)[0].decode()


def test_everything_is_as_after_the_start_of_an_interpreter(local: Local, tmp_path: Path):
    (tmp_path / "here").mkdir()
    found = []
    for fork in (True, False):
        spec = forkable(
            tmp_path,
            f"{fork}",
            SURROUNDINGS,
            forkable=fork,
            working_directory=tmp_path / "here",
            environment={"TOKEN": "ü", "CUDA_VISIBLE_DEVICES": "7"},
        )
        assert run(local, spec).state == "succeeded", output(local, f"{fork}", "stderr")
        found.append(json.loads(output(local, f"{fork}")))
    assert [each.pop("forked") for each in found] == [True, False]
    shown = [each.pop("command_line") for each in found]
    assert found[0] == found[1]
    assert found[0]["path"][0] == found[0]["working_directory"] == str(tmp_path / "here")
    assert shown[0][:3] == shown[1][:3] == [sys.executable, "-m", "says"]
    assert shown[1][3].startswith(shown[0][3])  # as far as there is room


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("print('out', end='')", JobStatus(state="succeeded", exit_code=0)),
        (
            "print('out'); sys.exit(3)",
            JobStatus(state="failed", exit_code=3, reason="ended with exit code 3"),
        ),
        ("print('out'); sys.exit()", JobStatus(state="succeeded", exit_code=0)),
        (
            "sys.exit('it cannot go on')",
            JobStatus(state="failed", exit_code=1, reason="ended with exit code 1"),
        ),
        (
            "print('out'); raise OSError(28, 'no room')",
            JobStatus(state="failed", exit_code=1, reason="ended with exit code 1"),
        ),
        (
            "print('lost'); import os; os._exit(5)",
            JobStatus(state="failed", exit_code=5, reason="ended with exit code 5"),
        ),
        ("raise KeyboardInterrupt", JobStatus(state="failed", reason="killed by signal 2 (SIGINT)")),
        (
            "import os; os.abort()",
            JobStatus(state="failed", reason="killed by signal 6 (SIGABRT)"),
        ),
        ("import atexit; atexit.register(print, 'at last')", JobStatus(state="succeeded", exit_code=0)),
        (
            "import threading; threading.Timer(0.1, lambda: print('late')).start()",
            JobStatus(state="succeeded", exit_code=0),
        ),
        (
            "sys.stdout.close(); sys.stdout = open('/dev/full', 'w'); print(1)",
            JobStatus(state="failed", exit_code=120, reason="ended with exit code 120"),
        ),
    ],
)
def test_it_ends_as_it_would(local: Local, tmp_path: Path, code: str, status: JobStatus):
    said = []
    for fork in (True, False):
        spec = forkable(tmp_path, f"{fork}", f"print({IS_FORKED}, flush=True); {code}", forkable=fork)
        assert run(local, spec) == status
        printed, errors = output(local, f"{fork}"), output(local, f"{fork}", "stderr")
        assert printed.startswith(f"{fork}\n")
        said.append((printed.partition("\n")[2], errors.splitlines()[-1:]))
    assert said[0] == said[1]


@BOTH
def test_a_traceback_tells_where_it_arose(local: Local, tmp_path: Path, fork: bool):
    assert run(local, forkable(tmp_path, "a", "1 / 0", forkable=fork)).exit_code == 1
    said = output(local, "a", "stderr")
    assert said.startswith("Traceback (most recent call last):\n")
    assert f'File "{MODULES}/says.py", line 7, in <module>' in said
    assert said.endswith("ZeroDivisionError: division by zero\n")
    assert "supervisor" not in said


def test_chance_is_not_shared(local: Local, tmp_path: Path):
    code = f"import secrets, tempfile; print({IS_FORKED}, random.random(), next(tempfile._get_candidate_names()))"
    for key in "abc":
        assert run(local, forkable(tmp_path, key, f"import random; {code}")).state == "succeeded"
    told = [output(local, key).split() for key in "abc"]
    assert [words[0] for words in told] == ["True"] * 3
    assert [len(set(each)) for each in list(zip(*told, strict=True))[1:]] == [3, 3]


@BOTH
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_it_can_use_processes_of_its_own(local: Local, tmp_path: Path, fork: bool, method: str):
    (tmp_path / "neighbour.py").write_text("def twice(x):\n    return 2 * x\n")
    code = f"""
import multiprocessing, neighbour
with multiprocessing.get_context({method!r}).Pool(2) as pool:
    print({IS_FORKED}, pool.map(neighbour.twice, [1, 2, 3]))
"""
    spec = forkable(tmp_path, "a", code, forkable=fork, working_directory=tmp_path)
    assert run(local, spec).state == "succeeded", output(local, "a", "stderr")
    assert output(local, "a") == f"{fork} [2, 4, 6]\n"


@pytest.mark.parametrize(
    "environment", [{"PYTHONHASHSEED": "7"}, {"LD_LIBRARY_PATH": "/somewhere"}, {"TZ": "Asia/Tokyo"}]
)
def test_what_only_the_start_of_a_program_reads_is_read(local: Local, tmp_path: Path, environment):
    code = f"import time; print({IS_FORKED}, time.tzname[0], sys.flags.hash_randomization and 'random')"
    for key, added, fork in (("a", {}, True), ("b", environment, True), ("c", environment, False)):
        assert run(local, forkable(tmp_path, key, code, environment=added, forkable=fork)).exit_code == 0
    assert output(local, "a").startswith("True")
    assert output(local, "b") == output(local, "c")
    assert output(local, "b").startswith("False")


def test_a_relative_path_to_modules_begins_where_the_job_does(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", f"modules:{MODULES}")
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "beside.py").touch()
    spec = forkable(tmp_path, "a", "import beside", working_directory=tmp_path)
    assert run(local, spec).state == "succeeded", output(local, "a", "stderr")


def test_limits_hold(local: Local, tmp_path: Path):
    print_it = f"print({IS_FORKED}, flush=True); import signal, time"
    allocate = "x = bytearray(150 << 20); x[::4096] = bytes([1]) * len(x[::4096])"
    specs = [
        forkable(tmp_path, "time", f"{print_it}; time.sleep(300)", resources=Resources(time=10)),
        forkable(
            tmp_path,
            "deaf",
            f"import signal, time; signal.signal(15, signal.SIG_IGN); {print_it}; time.sleep(300)",
            resources=Resources(time=10),
            grace=0.3,
        ),
        forkable(
            tmp_path, "memory", f"{print_it}; {allocate}; time.sleep(300)", resources=Resources(memory=100)
        ),
    ]
    statuses = wait_for(local, local.submit(specs))
    assert [output(local, spec.key) for spec in specs] == ["True\n"] * 3
    assert statuses["time"] == JobStatus(state="timeout", reason="over its time limit of 10 s")
    assert statuses["deaf"].reason == "over its time limit of 10 s; ended by force after 0.3 s"
    assert statuses["memory"].state == "out_of_memory"


def test_a_cancelled_job_ends_with_all_its_processes(local: Local, tmp_path: Path):
    code = f"""
import os, signal, time
print({IS_FORKED}, flush=True)
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
time.sleep(300)
"""
    handles = local.submit([forkable(tmp_path, "a", code, grace=0.2)])
    wait_until(lambda: output(local, "a").count("\n") == 2, "both lines")
    local.cancel(handles)
    assert wait_for(local, handles)["a"].state == "cancelled"
    forked, child = output(local, "a").split()
    assert forked == "True"
    status = Path(f"/proc/{child}/stat")
    wait_until(lambda: not status.exists() or ") Z " in status.read_text(), "the end of the child")


def test_a_working_directory_that_does_not_exist_is_named(local: Local, tmp_path: Path):
    gone = tmp_path / "gone"
    status = run(local, forkable(tmp_path, "a", "pass", working_directory=gone))
    assert status == JobStatus(state="failed", reason=f"cannot start in '{gone}': No such file or directory")


def test_the_environment_is_seen_nowhere_else(local: Local, tmp_path: Path):
    secret = "correct-horse-battery-staple"
    code = f"import os, time; print({IS_FORKED}, len(os.environ['TOKEN']), flush=True); time.sleep(300)"
    handles = local.submit([forkable(tmp_path, "a", code, environment={"TOKEN": secret})])
    wait_until(lambda: output(local, "a"), "its output")
    assert output(local, "a") == f"True {len(secret)}\n"
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret.encode() in text for text in (command_lines(), *written))
    local.cancel(handles)
    wait_for(local, handles)
