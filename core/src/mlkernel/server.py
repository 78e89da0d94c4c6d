"""What ``kernel serve`` starts."""

from __future__ import annotations

from typing import Any, Protocol


class Server(Protocol):
    """A component of the kind ``server``, made by ``factory(config)``, or ``factory()`` if it has no options."""

    def app(self) -> Any:
        """The ASGI application, for clients in this process: no socket, no thread is needed to talk to it."""

    def serve(self) -> None:
        """Answer until SIGTERM or SIGINT; tell where on standard output.

        :raises UsageError: the address cannot be had.
        """
