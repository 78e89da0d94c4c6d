"""A server in a process of its own, which can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from openai import AsyncOpenAI, OpenAI

PROGRAM = """
import sys
from pathlib import Path
from mlkernel_locallm.server.serve import LocalLmServer
from mlkernel_locallm.server.server_config import ServerConfig
LocalLmServer(ServerConfig(folder=Path(sys.argv[1]), port=0)).serve()
"""


class ServerProcess:
    """Started with a folder; listens on a free port of the loopback address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline() for _ in range(3)]
        self.announcement = "".join(lines)
        found = re.search(r"OPENAI_BASE_URL=(\S+)", self.announcement)
        assert found is not None, self.announcement
        self.base_url = found[1]
        self.token = (folder / "token").read_text().strip()

    def client(self, max_retries: int = 0) -> OpenAI:
        return OpenAI(
            api_key=self.token,
            base_url=self.base_url,
            max_retries=max_retries,
            _strict_response_validation=True,
        )

    def async_client(self) -> AsyncOpenAI:
        return AsyncOpenAI(
            api_key=self.token, base_url=self.base_url, max_retries=0, _strict_response_validation=True
        )

    def kill(self) -> None:
        """SIGKILL: nothing is written any more."""
        self._process.kill()
        self._wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._wait()

    def _wait(self) -> int:
        code = self._process.wait(timeout=120)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code
