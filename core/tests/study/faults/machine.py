"""A folder that stands for a machine: drivers and their workers start there, and nothing else is known there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from core.tests.command_folder import CommandFolder

from mlkernel.study.study_directory import StudyDirectory

from .killed_study import SECONDS, TARGETS, kill, processes_of


class Machine(CommandFolder):
    """One that has a copy of the targets, and studies of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir()
        shutil.copy(TARGETS, folder / "targets.py")

    def close(self) -> None:
        """End drivers and workers that still go on."""
        super().close()
        for group in processes_of(self.folder):
            for number in group:
                kill(number)

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command of ``kernel``: its exit code, and all that it said."""
        return ended(self.start(*words))

    def study(self, name: str, folder: str = "studies") -> StudyDirectory:
        """The study of this name here."""
        return StudyDirectory(self.folder / folder / name)

    def runs(self, study: str) -> list[str]:
        """Names of the run directories here."""
        return sorted(path.name for path in self.study(study).runs.iterdir())

    def die(self, driver: subprocess.Popen[str], study: str) -> None:
        """All processes end at once."""
        driver.kill()
        for group in processes_of(self.study(study).path):
            for process in group:
                kill(process)
        driver.communicate()

    def sleep(self, driver: subprocess.Popen[str]) -> None:
        """The driver stands still, as on a laptop that is closed."""
        os.kill(driver.pid, signal.SIGSTOP)

    def wake_up(self, driver: subprocess.Popen[str]) -> None:
        """It goes on as if nothing had happened."""
        os.kill(driver.pid, signal.SIGCONT)


def ended(driver: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for its end: its exit code, and all that it said."""
    try:
        printed, said = driver.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        driver.kill()
        raise
    return driver.returncode, printed + said


def wait_for(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
