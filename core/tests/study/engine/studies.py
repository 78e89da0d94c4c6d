"""Studies that the tests of the engine run: real drivers, workers and stores."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from mlkernel.study.study_directory import StudyDirectory

TARGETS = Path(__file__).with_name("targets.py")
SPACE = "x=uniform(low=-1,high=1,bins=5)"
_started: list[subprocess.Popen[str]] = []
"""Drivers of the test under way."""


def command(*words, cwd):
    """Run a command of kernel to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mlkernel", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def search_words(function, *words, name="study", algorithm="grid"):
    return [
        "search",
        *("--trainer", f"{TARGETS}:{function}", "--space", SPACE, "--name", name, "--algorithm", algorithm),
        *words,
    ]


def search(cwd, function, *words, name="study", algorithm="grid"):
    return command(*search_words(function, *words, name=name, algorithm=algorithm), cwd=cwd)


def start_search(cwd, function, *words, name="study", algorithm="grid"):
    """Start a driver and go on."""
    return start(*search_words(function, *words, name=name, algorithm=algorithm), cwd=cwd)


def start(*words, cwd):
    driver = subprocess.Popen(
        [sys.executable, "-m", "mlkernel", *words],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _started.append(driver)
    return driver


def end_drivers():
    """End those that a test started and has not waited for."""
    while _started:
        driver = _started.pop()
        if driver.poll() is None:
            driver.kill()
            driver.communicate()


def trials(cwd, name="study"):
    """All trials of a study, with their runs."""
    store = StudyDirectory(cwd / "studies" / name).open()
    try:
        return list(store.trials(name))
    finally:
        store.close()


def reports(cwd, name="study"):
    store = StudyDirectory(cwd / "studies" / name).open()
    try:
        return [(one.trial, one.place, one.step, one.values) for one in store.reports(name)]
    finally:
        store.close()


def wait_for(condition, seconds=120.0):
    """Wait until *condition* holds, or a driver has ended by itself before it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        ended = any(driver.returncode is None and (driver.poll() or 0) > 0 for driver in _started)
        late = time.monotonic() > deadline
        assert condition() or not (ended or late), (
            f"it did not happen; the drivers said: {_words_of_drivers()}"
        )
        time.sleep(0.02)


def _words_of_drivers():
    """What those said that nobody has listened to; they are ended."""
    unheard = [driver for driver in _started if not driver.stderr.closed]
    for driver in unheard:
        driver.kill()
    return [driver.communicate(timeout=10) for driver in unheard]
