"""What is written down of a job while it is watched."""

from __future__ import annotations

import os

from .process_table import Process, process_start

RESERVED = 4096
"""Bytes of the last record, taken when the job starts: a disk that fills up meanwhile hides no exit code."""


class Records:
    """The two files that tell of the job: ``STEM.running.json``, and ``STEM.over.json`` in its place."""

    def __init__(self, stem: str, gpus: str) -> None:
        self._running, self._over, self._cancel = (
            f"{stem}.{ending}" for ending in ("running.json", "over.json", "cancel")
        )
        devices = ", ".join(f'"{gpu}"' for gpu in gpus.split(",") if gpu)
        self._head = f'"supervisor": [{os.getpid()}, {Process(os.getpid()).start}], "gpus": [{devices}]'
        self._aside = f"{self._over}.new"
        self._write(self._aside, b" " * RESERVED)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for the end."""
        return os.path.exists(self._cancel)  # noqa: PTH110 - pathlib costs more than all the rest

    def running(self, command: int) -> None:
        """Write that the process *command* is about to become the command."""
        aside = f"{self._running}.new"
        self._write(
            aside, f'{{{self._head}, "command": [{command}, {process_start(command) or 0}]}}\n'.encode()
        )
        os.replace(aside, self._running)  # noqa: PTH105 - as above

    def over(self, facts: str) -> None:
        """Write what became of it, so that it survives a power cut."""
        self._write(self._aside, f"{{{facts}}}\n".encode(), durable=True)
        os.replace(self._aside, self._over)  # noqa: PTH105 - as above
        if os.path.exists(self._running):  # noqa: PTH110 - as above
            os.unlink(self._running)  # noqa: PTH108 - as above

    @staticmethod
    def _write(path: str, content: bytes, *, durable: bool = False) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, content, 0)
            os.ftruncate(file, len(content))
            if durable:
                os.fsync(file)
        finally:
            os.close(file)
