"""The commands that are run once before the first trial of a study, and once after its last."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from mlkernel.errors import KernelError
from mlkernel.run.stop_request import StopRequest
from mlkernel.study.store.database import ConnectionLostError
from mlkernel.study.store.records import SILENT_SECONDS, DriverRecord
from mlkernel.study.store.study_store import StudyStore
from mlkernel.study.study_directory import StudyDirectory

DIRECTORY = "{directory}"
"""In a command: the folder of the study."""
LOOK_SECONDS = 1.0
"""Between two looks at whether the driver that runs the commands is done."""
BEAT_SECONDS = 5.0


class StudyCommands:
    """Runs the commands of a study, each once, however many drivers it has.

    :param driver: the name of the driver that asks.
    :param working: the folder to run them in; ``None`` for the current one.
    :param say: told each command before it is run.
    """

    def __init__(
        self,
        store: StudyStore,
        directory: StudyDirectory,
        driver: str,
        working: Path | None,
        say: Callable[[str], None],
    ) -> None:
        self._store, self._directory, self._study = store, directory, directory.name
        self._driver, self._working, self._say = driver, working, say

    def run(self, commands: Sequence[str]) -> None:
        """Run *commands*, one after the other.

        :raises KernelError: one cannot be run, or ended with another exit code than 0.
        """
        for command in commands:
            filled = command.replace(DIRECTORY, shlex.quote(str(self._directory.path)))
            self._say(f"$ {filled}")
            try:
                code = self._exit_code(shlex.split(filled))
                fault = f"ended with exit code {code}" if code else None
            except (OSError, ValueError) as error:  # there is no such program, or a quotation has no end
                fault = f"cannot be run: {error.strerror if isinstance(error, OSError) else error}"
            if fault is not None:
                raise KernelError(
                    f"the command {command!r} of study {self._study} {fault}",
                    hint=f"Mend it, or change it with kernel study extend {self._study}; "
                    f"then kernel study resume {self._study}.",
                )

    def run_first(self, commands: Sequence[str], stop: StopRequest) -> None:
        """Run *commands*, unless another driver does: then wait until it has begun with the trials.

        :raises KernelError: as :meth:`run`; the next driver runs all of them again.
        """
        said = False
        while commands and stop.reason is None and self._are_to_come():
            if self._is_to_run_them():
                try:
                    self.run(commands)
                except BaseException:
                    with suppress(KernelError):
                        self._store.leave(self._study, self._driver)
                    raise
                return
            if not said:
                self._say("waiting for the commands before the study, which another driver runs")
                said = True
            time.sleep(LOOK_SECONDS)

    def _are_to_come(self) -> bool:
        is_over = self._store.study(self._study).state == "finished"
        return not is_over and next(self._store.trials(self._study, with_runs=False), None) is None

    def _is_to_run_them(self) -> bool:
        """Whether no driver that lives has begun with them; then this one has."""
        with self._store.together(self._study):
            self._store.take_over(self._study, SILENT_SECONDS)
            if any(driver.name != self._driver for driver in self._store.drivers(self._study)):
                return False
            self._beat()
        return True

    def _beat(self) -> None:
        record = DriverRecord(name=self._driver, host=socket.gethostname(), pid=os.getpid(), heartbeat=0.0)
        self._store.beat(self._study, record)

    def _exit_code(self, words: Sequence[str]) -> int:
        with subprocess.Popen(words, cwd=self._working) as process:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(BEAT_SECONDS)
                with suppress(ConnectionLostError):  # which is no reason to run the command again
                    self._beat()
