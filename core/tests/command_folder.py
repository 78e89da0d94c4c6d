"""A folder where commands are typed that go on by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


class CommandFolder:
    """Starts commands of ``kernel`` in a folder, and ends those that a test which fails leaves behind.

    :param stderr: where they say what is wrong: a pipe of its own, or ``subprocess.STDOUT`` for that of their output.
    """

    def __init__(self, folder: Path, stderr: int = subprocess.PIPE) -> None:
        self.folder = folder
        self.environment = dict(os.environ)
        self._stderr = stderr
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Type a command and go on."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mlkernel", *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        self._started.append(process)
        return process

    def close(self) -> None:
        """End what still goes on."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()
