"""A folder where commands are typed whose trackers write down what they receive."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from core.tests.command_folder import CommandFolder

from .trackers import RECEIVED

PATIENCE_SECONDS = 90


class Desk(CommandFolder):
    """Where ``kernel`` is typed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, stderr=subprocess.STDOUT)
        self.received = folder / "received"
        self.received.mkdir()
        self.environment[RECEIVED] = str(self.received)

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
