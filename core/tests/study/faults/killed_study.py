"""A study whose processes are killed with SIGKILL at random moments, and what its store tells of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from attrs import frozen

from mlkernel.study.study_directory import StudyDirectory

TARGETS = Path(__file__).with_name("targets.py")
WORKER = b"mlkernel.study.worker"
SECONDS = 300.0
"""After which a study that goes on is a hung one."""


@frozen
class Outcome:
    """What a study did, but for when it did it."""

    trials: list[tuple[object, ...]]
    ends: list[int]
    """Trials in the order in which they ended."""
    reports: list[tuple[object, ...]]


def outcome(directory: StudyDirectory) -> Outcome:
    store = directory.open()
    try:
        trials = [
            (one.number, one.parameters, one.state, one.values, one.reason, one.parent, one.until)
            for one in store.trials(directory.name)
        ]
        ends = [one.number for one in store.ends(directory.name)]
        reports = [(one.trial, one.place, one.step, one.values) for one in store.reports(directory.name)]
    finally:
        store.close()
    return Outcome(trials, ends, reports)


class KilledStudy:
    """Begins a study and goes on with it as its user would, while its processes are killed.

    :param words: of ``kernel search``.
    """

    def __init__(self, folder: Path, name: str, words: tuple[str, ...]) -> None:
        self.directory = StudyDirectory(folder / "studies" / name)
        self._folder, self._words = folder, words
        self._driver: subprocess.Popen[str] | None = None
        """The newest one."""

    def close(self) -> None:
        """End what a test that failed left behind."""
        if self._driver is not None and self._driver.poll() is None:
            self._driver.kill()
            self._driver.communicate()
        for group in processes_of(self.directory.path):
            for process in group:
                kill(process)

    def drive(self) -> None:
        """Drive it to its end."""
        self._end(self._start())

    def drive_through(self, kills: int, moments: random.Random) -> int:
        """Drive it to its end while up to *kills* times something is killed; how often it was."""
        done = 0
        driver = self._start()
        while done < kills and driver.poll() is None:
            time.sleep(moments.expovariate(1 / 0.4))
            if driver.poll() is not None:
                break
            workers, supervisors = processes_of(self.directory.path)
            chosen = moments.choice(["driver", "driver", "workers", "workers", "everything", "supervisors"])
            victims = {"workers": workers, "supervisors": supervisors, "everything": [*workers, *supervisors]}
            for process in victims.get(chosen, []):
                kill(process)
            if chosen in {"driver", "everything"}:
                driver.kill()
                driver.communicate()
                time.sleep(moments.choice([0.0, 0.2]))
                driver = self._start()
            done += chosen in {"driver", "everything"} or bool(victims[chosen])
        self._end(driver)
        return done

    def begin_and_kill_after(self, seconds: float) -> None:
        """Let its driver live no longer than that."""
        driver = self._start()
        time.sleep(seconds)
        driver.kill()
        driver.communicate()

    def _start(self) -> subprocess.Popen[str]:
        go_on = ("study", "resume", self.directory.name)
        words = go_on if self._is_begun() else ("search", *self._words, "--name", self.directory.name)
        self._driver = subprocess.Popen(
            [sys.executable, "-m", "mlkernel", *words],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self._driver

    def _is_begun(self) -> bool:
        if not self.directory.exists():
            return False
        store = self.directory.open()
        try:
            return any(study.name == self.directory.name for study in store.studies())
        finally:
            store.close()

    def _end(self, driver: subprocess.Popen[str]) -> None:
        try:
            _, said = driver.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            driver.kill()
            raise
        assert driver.returncode == 0, said
        deadline = time.monotonic() + 60.0
        while any(processes_of(self.directory.path)):
            assert time.monotonic() < deadline, "workers are left behind"
            time.sleep(0.02)


def processes_of(study: Path) -> tuple[list[int], list[int]]:
    """Process numbers of the workers of the study in this folder, and of those who supervise them."""
    workers, supervisors = [], []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it is over
            continue
        if WORKER in words and any(Path(os.fsdecode(word)).is_relative_to(study) for word in words):
            (workers if words[1] == b"-m" else supervisors).append(int(process.name))
    return workers, supervisors


def kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return  # it was over
