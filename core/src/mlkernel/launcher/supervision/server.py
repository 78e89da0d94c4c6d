"""The fork server of a launcher: a process that has imported what jobs need, and starts them as forks of itself.

It reads one request after the other from the socket that is its file descriptor 3: the words of the job's supervisor
(:mod:`.supervisor`), whose command is ``PYTHON -m MODULE ...``, and the environment of that command, with three file
descriptors: the lock on the job, and its standard output and error. It answers ``+`` when the supervisor lives, and
``-`` when there will be none. It ends when the launcher lets go of the other end of the socket, by closing it or by
being killed; what it started goes on.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from contextlib import suppress
from types import CodeType
from typing import Any

from .command_line import show_command_line
from .forked_command import ForkedCommand, NotForkable
from .signals import signal
from .supervisor import COMMAND, LOCK, main
from .watch import WAITED

STARTED, REFUSED = b"+", b"-"
_LONGEST_REQUEST = 2**20
"""Bytes; the system allows less, and a launcher that has more to say starts the job another way."""


def serve() -> tuple[CodeType, dict[str, Any]]:
    """Start jobs until the launcher lets go.

    It returns in the processes of their commands, and nowhere else: what is to be executed, and in which namespace,
    when nothing of the server is left on the stack.
    """
    launcher = socket.socket(fileno=LOCK)
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    while True:
        message, files, _, _ = socket.recv_fds(launcher, _LONGEST_REQUEST, 3)
        if not message:
            _reap()
            sys.exit()
        request = json.loads(message)
        words: list[str] = request["words"]
        command = ForkedCommand(words[COMMAND:], request["environment"])
        pid = _fork(command)
        if pid == 0:
            launcher.close()
            _take(*files)
            show_command_line(["mlkernel-supervisor", *words])
            if main(words, command.become):
                return command.program()
            os._exit(0)
        for descriptor in files:
            os.close(descriptor)
        with suppress(OSError):  # nobody is left to be told
            launcher.send(REFUSED if pid is None else STARTED)


def _fork(command: ForkedCommand) -> int | None:
    """The number of the new process, 0 in that process itself; ``None`` if there is none."""
    try:
        command.prepare()
        gc.freeze()  # what the collector does not touch stays shared
        signal.pthread_sigmask(signal.SIG_BLOCK, WAITED)  # as a supervisor starts: no signal comes too early
        pid = os.fork()
    except (NotForkable, OSError):
        pid = None
    if pid != 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WAITED)
    return pid


def _take(lock: int, output: int, errors: int) -> None:
    """Be as a supervisor is when it starts: alone, and with its files in their places."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor, place in ((output, 1), (errors, 2), (lock, LOCK)):
        os.dup2(descriptor, place)
        os.close(descriptor)


def _reap() -> None:
    with suppress(ChildProcessError):  # there is nobody
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            continue
