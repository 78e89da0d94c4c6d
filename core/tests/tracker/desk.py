"""A folder where commands are typed whose trackers write down what they receive."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .trackers import RECEIVED

PATIENCE_SECONDS = 90


class Desk:
    """Where ``kernel`` is typed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.received = folder / "received"
        self.received.mkdir()
        self.environment = {**os.environ, RECEIVED: str(self.received)}
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Type a command and go on."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mlkernel", *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(process)
        return process

    def kernel(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type a command and wait for its end."""
        process = self.start(*words)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(words, process.returncode, output)

    def wait_until(self, is_so: Callable[[], object]) -> None:
        """Wait for what others do."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def close(self) -> None:
        """End what a test that failed left behind."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()
