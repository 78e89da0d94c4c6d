"""A connection to a PostgreSQL server that is cut at any message, or at any answer."""

from __future__ import annotations

import random
import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from mlkernel.study.study_directory import StudyDirectory

SOCKET = ".s.PGSQL.5432"
COMMITTED = b"C\0\0\0\x0bCOMMIT\0"
"""How a server says that a transaction was kept."""

ANYWHERE = (40, 300)
"""Within forty messages and answers a driver comes no further, within two hundred it does."""
COMMITS = (3, 25)
"""The same of transactions: four and a report that is repeated, or more of both."""


def folder_of(database: str) -> tuple[Path, str]:
    """Where the server of this address listens, and the name of the database there."""
    parts = urlsplit(database)
    return Path(parse_qs(parts.query)["host"][0]), parts.path[1:]


class Chance:
    """Cuts a line so many times by chance.

    :param study: whose driver is cut off, once it is there.
    :param gap: the least and the largest number of messages and answers up to the next cut.
    :param what: only what has this in it counts.
    """

    def __init__(
        self, study: StudyDirectory, seed: int, cuts: int, gap: tuple[int, int], what: bytes = b""
    ) -> None:
        self._study, self._random, self.left = study, random.Random(seed), cuts
        self._gap, self._what = gap, what
        self._until = self._random.randint(1, gap[1])

    def __call__(self, said: bytes) -> bool:
        """Whether the line is cut now."""
        self._until -= self._what in said and self._study.exists()
        if self._until > 0 or not self.left:
            return False
        self.left, self._until = self.left - 1, self._random.randint(*self._gap)
        return True


class FrailLine:
    """Listens where a server would, and hands on what clients and the one in *server* say; a context manager.

    :param server: the folder of its socket.
    :param is_cut: asked at each message and each answer, one at a time: whether the line is cut before it arrives.
    """

    def __init__(self, server: Path, is_cut: Callable[[bytes], bool]) -> None:
        self._server, self._is_cut = server, is_cut
        self._one_at_a_time = threading.Lock()
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        """Of the socket, for addresses."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen()

    def __enter__(self) -> Self:
        """Listen."""
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, when those who are connected have gone."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends a waiting accept
        self._accepting.join()
        self._listener.close()
        shutil.rmtree(self.folder)

    def _accept(self) -> None:
        threads = []
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                break
            threads.append(threading.Thread(target=self._serve, args=[client]))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _serve(self, client: socket.socket) -> None:
        with ExitStack() as stack, suppress(OSError):
            stack.enter_context(client)
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.connect(str(self._server / SOCKET))
            others = {client: server, server: client}
            while True:
                ready, _, _ = select.select(others, [], [])
                for one in ready:
                    said = one.recv(1 << 16)
                    with self._one_at_a_time:
                        is_over = not said or self._is_cut(said)
                    if is_over:
                        return
                    others[one].sendall(said)
