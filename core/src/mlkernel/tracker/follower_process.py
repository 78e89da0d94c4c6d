"""A follower in a process of its own, which no run waits for."""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout

from mlkernel.errors import KernelError
from mlkernel.tracker.follower import LOOK_SECONDS, Follower, Patience
from mlkernel.tracker.follower_log import FollowerLog
from mlkernel.tracker.run_work import Starter
from mlkernel.tracker.tracking_file import TrackingFile
from mlkernel.tracker.watchdog import Watchdog
from mlkernel.tracker.work import work_on

CALL_SECONDS = 300.0
"""How long a call of a tracker may take: longer than libraries go on trying a server that does not answer."""
PATIENCE_SECONDS = 60.0
"""For how long a failing tracker is tried again when nobody trains any more."""
_NICE = 10
"""Below the priority of what trains."""
GAVE_UP = 75


def start_follower(file: TrackingFile, *, attempt: int) -> None:
    """Start a process that follows *file*, in a session of its own: no signal for this one reaches it.

    :param attempt: of a run, which the caller is about to begin; a study is followed for as long as the caller lives.
    :raises OSError: no process can be started.
    """
    words = ["-P", "-m", __spec__.name, str(file.path), str(attempt), str(os.getpid())]
    null = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    os.posix_spawn(
        sys.executable, [sys.executable, *words], os.environ, file_actions=null, setsid=True, setsigmask=()
    )


def main(words: Sequence[str]) -> int:
    """Follow until there is nothing to come."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("attempt", type=int)
    parser.add_argument("starter", type=int)
    arguments = parser.parse_args(words)
    os.nice(_NICE)
    file = TrackingFile(arguments.file.parents[1], arguments.file.stem)
    log = FollowerLog(file.log)
    log.take_over_output()
    starter = Starter(arguments.attempt, arguments.starter)
    try:
        lock = _locked(file, starter)
        if lock is None:
            return 0
        with lock:
            return _follow(file, starter, log)
    except KernelError as error:
        log.say(str(error))
        return error.exit_code
    except Exception:  # noqa: BLE001 - there is nobody else to tell
        log.say(traceback.format_exc())
        return 1


def _locked(file: TrackingFile, starter: Starter) -> FileLock | None:
    """The lock, which an earlier follower may still hold; that one goes on with a run that is resumed.

    ``None`` when it holds it for as long as there is something to do here.
    """
    lock = FileLock(file.lock)
    while True:
        try:
            return lock.acquire(timeout=LOOK_SECONDS).lock
        except Timeout:
            if not starter.lives:
                return None


def _follow(file: TrackingFile, starter: Starter, log: FollowerLog) -> int:
    def overdue() -> None:
        log.say(f"a call of the tracker takes longer than {CALL_SECONDS:g} s; it hangs here:")
        with file.log.open("a") as stacks:
            faulthandler.dump_traceback(stacks)
        if work.may_end():
            os._exit(GAVE_UP)
        _begin_again()

    watchdog = Watchdog(CALL_SECONDS, overdue)
    work = work_on(file, starter, watchdog)
    follower = Follower(work, Patience(after_the_end=PATIENCE_SECONDS), log.say)
    if follower.follow():
        log.say(f"everything was delivered, in {time.process_time():.2f} s of CPU time")
        return 0
    log.say(f"gave up; kernel track {file.directory} sends the rest")
    return GAVE_UP


def _begin_again() -> NoReturn:
    """Become a new follower, without the call that hangs; where it stands is on disk."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
