"""Watches one job until it is over, and writes down what became of it, whether or not anybody is left to ask.

Its words are ``STEM DIRECTORY SECONDS MEGABYTES GRACE GPUS COMMAND...``, with 0 for no limit. It starts in a session of
its own, with the signals that it waits for blocked, and with the lock on the job as file descriptor 3. The lock ends
with it: one that is held is a job that is watched.
"""

from __future__ import annotations

import os
import sys

from .process_table import kill_all, killed_for_memory
from .records import Records
from .signals import signal
from .watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LOCK = 3
"""The file descriptor of the lock; the command does not inherit it."""
COMMAND = 6
"""So many words come before those of the command."""


class NotStarted(Exception):  # noqa: N818 - says what happened
    """The system refused the command; the argument is the record of it."""


def start(
    argv: list[str], directory: str, records: Records, become: Callable[[list[str]], None]
) -> int | None:
    """Start the command, in a session of its own, and return its process number; ``None`` in its own process.

    It is written down before the command runs: if this process is killed in between, the new one ends by itself.

    :param become: makes of a process the command; only that which does not replace its program returns.
    :raises NotStarted: the command or its directory does not exist, or may not be used.
    :raises OSError: the records cannot be written; the command did not run.
    """
    gate, opener = os.pipe()
    errors, reporter = os.pipe()
    command = os.fork()
    if command == 0:
        os.close(opener)
        os.close(errors)
        _enter(argv, directory, gate, reporter, become)
        return None
    os.close(gate)
    os.close(reporter)
    records.running(command)
    os.write(opener, b"!")
    os.close(opener)
    with open(errors, "rb") as file:  # noqa: PTH123 - a descriptor; closed by the command unless it cannot start
        facts = file.read().decode()
    if facts:
        os.waitpid(command, 0)
        raise NotStarted(facts)
    return command


def _enter(
    argv: list[str], directory: str, gate: int, reporter: int, become: Callable[[list[str]], None]
) -> None:
    failing, has_become = "directory", False
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if os.read(gate, 1):
            os.close(gate)
            os.chdir(directory)
            failing = "command"
            become(argv)
            os.close(reporter)
            has_become = True
    except OSError as error:
        os.write(reporter, f'"errno": {error.errno}, "failing": "{failing}"'.encode())
    finally:
        if not has_become:
            os._exit(127)


def execute(argv: list[str]) -> None:
    """Replace the program of this process.

    :raises OSError: the command does not exist, or may not be used.
    """
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, and so by whatever this process becomes
        signal.signal(ignored, signal.SIG_DFL)
    os.execvp(argv[0], argv)  # noqa: S606 - the command is a list of words


def main(words: list[str], become: Callable[[list[str]], None] = execute) -> bool:
    """Start the command, watch it, and tell what became of it.

    :param become: see :func:`start`.
    :returns: whether this is the process that has become the command.
    """
    stem, directory, seconds, megabytes, grace, gpus = words[:COMMAND]
    os.set_inheritable(LOCK, False)
    killed_before = killed_for_memory()
    try:
        records = Records(stem, gpus)
        if records.cancelled:
            records.over('"verdict": "cancelled"')
            return False
        command = start(words[COMMAND:], directory, records, become)
    except NotStarted as refusal:
        records.over(str(refusal))
        return False
    except OSError as error:
        sys.exit(f"mlkernel cannot keep the records of this job: {error.strerror}: {error.filename or stem}")
    if command is None:
        return True
    watch = Watch(command, records, seconds=float(seconds), megabytes=int(megabytes), grace=float(grace))
    watch.wait()
    kill_all(command)
    code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    records.over(
        f'"code": {code}, "verdict": {watch.verdict}, "forced": {"true" if watch.forced else "false"}, '
        f'"megabytes": {watch.megabytes}, "seconds": {watch.seconds:.3f}, '
        f'"machine_out_of_memory": {"true" if killed_for_memory() > killed_before else "false"}'
    )
    return False
