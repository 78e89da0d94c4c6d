"""Runs in a process of its own: grades attempts by a client's Python function, with as little as possible in reach.

Started as ``python -I -S isolated_process.py`` with an empty environment, in an empty folder. Reads one JSON object
with ``source``, ``seconds`` and ``attempts`` from its input, and writes one JSON line for each attempt. The system's
limits and namespaces are the wall; the audit hook catches what a namespace that could not be made lets through.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

MEMORY = 512 << 20
"""Bytes of address space."""
_NEW_USER, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000
_DIE_WITH_PARENT, _NO_NEW_PRIVILEGES = 1, 38
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "os.",
    "shutil.",
    "sqlite3.",
)
_LISTING = frozenset({"os.listdir", "os.scandir"})
"""Allowed in the folders of Python, which looks into them when it imports."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Grade what the input asks for."""
    asked = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    limit(asked["seconds"] * len(asked["attempts"]) + 1)
    sys.addaudithook(_refuse)
    grade = _load(asked["source"])
    for attempt in asked["attempts"]:
        answers.write(json.dumps(_outcome(grade, attempt, asked["seconds"])) + "\n")
        answers.flush()


def limit(seconds: float) -> None:
    """Give up rights and resources for the rest of the process's life."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_IPC)
    limits = {
        resource.RLIMIT_CPU: math.ceil(seconds),
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 32,
    }
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _LISTING and _is_of_python(str(arguments[0])):
        return
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed in a grader")
    if event == "open":
        path, mode, flags = arguments
        writes = bool((flags or 0) & _WRITING) or any(letter in str(mode or "") for letter in "wax+")
        if writes or not isinstance(path, str) or not _is_of_python(path):
            raise PermissionError(f"a grader may not open {path!r}")


def _is_of_python(path: str) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in sys.path if folder)


def _load(source: str) -> Callable[..., Any] | str:
    """The function ``grade`` of *source*, or why there is none."""
    names: dict[str, Any] = {"__name__": "grader"}
    try:
        exec(compile(source, "grader.py", "exec"), names)  # noqa: S102 - what this process is for
    except BaseException as error:  # noqa: BLE001 - whatever a client's code raises is its answer
        return f"{type(error).__name__}: {error}"
    grade = names.get("grade")
    return grade if callable(grade) else "the source defines no function grade(sample, item)"


def _outcome(grade: Callable[..., Any] | str, attempt: dict[str, Any], seconds: float) -> dict[str, Any]:
    if isinstance(grade, str):
        return {"error": grade}
    try:
        with _time_limit(seconds):
            reward = float(grade(attempt["sample"], attempt["item"]))
    except BaseException as error:  # noqa: BLE001 - whatever a client's code raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}
    return {"reward": reward} if math.isfinite(reward) else {"error": f"the grade is {reward}"}


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def expire(*_: object) -> NoReturn:
        raise TimeoutError(f"took longer than {seconds:g} s")

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
