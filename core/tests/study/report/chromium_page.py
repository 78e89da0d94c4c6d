"""A page in Chromium, driven through the pipe of its DevTools protocol."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

WORDS = [
    "chromium", "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--window-size=1250,900",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking",
]  # fmt: skip


class Page:
    """What the page did, and what it answers."""

    def __init__(self, sending: int, receiving: int) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._sending = sending
        self._receiving = os.fdopen(receiving, "rb")
        self._session: str | None = None
        self._count = 0

    def open(self, path: Path) -> None:
        """Show the file at *path*."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Network", "Runtime", "Page"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=f"file://{path}")
        self.evaluate("new Promise((done) => document.readyState === 'complete' ? done() : onload = done)")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript *expression*, awaited if it is a promise."""
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._sending, json.dumps(message).encode() + b"\0")
        while True:
            received = json.loads(self._read())
            if received.get("id") == self._count:
                assert "error" not in received, received["error"]
                return received["result"]
            self._notice(received)

    def close(self) -> None:
        """Close the pipes."""
        os.close(self._sending)
        self._receiving.close()

    def _read(self) -> bytes:
        text = b""
        while not text.endswith(b"\0"):
            byte = self._receiving.read(1)
            assert byte, "Chromium has gone"
            text += byte
        return text[:-1]

    def _notice(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            self.requests += [] if url.startswith(("blob:", "data:")) else [url]
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["params"]))


@contextmanager
def open_page(path: Path) -> Iterator[Page]:
    """Open a file in a Chromium of its own."""
    commands, sending = os.pipe()
    receiving, answers = os.pipe()
    # Chromium reads commands from its descriptor 3 and answers on 4; a shell puts the pipes there.
    shell = f'exec "$@" 3<&{commands} 4>&{answers}'
    with TemporaryDirectory() as profile:
        words = ["bash", "-c", shell, "bash", *WORDS, f"--user-data-dir={profile}"]
        with subprocess.Popen(words, pass_fds=(commands, answers), stderr=subprocess.DEVNULL) as process:
            os.close(commands)
            os.close(answers)
            page = Page(sending, receiving)
            try:
                page.open(path)
                yield page
            finally:
                page.close()
                process.kill()
                process.wait()
