"""A connection to a PostgreSQL server that is cut at any message, or at any answer."""

from __future__ import annotations

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

SOCKET = ".s.PGSQL.5432"
COMMITTED = b"C\0\0\0\x0bCOMMIT\0"
"""How a server says that a transaction was kept."""


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
