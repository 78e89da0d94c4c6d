"""What a store needs of a database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from mlkernel.errors import StorageError

Row = tuple[Any, ...]


class ConnectionLostError(StorageError):
    """The database went away. A transaction that was under way was undone, or, if it was about to end, perhaps kept."""


class Database(Protocol):
    """A connection. Parameters of statements are written ``?``.

    Its errors are :class:`~mlkernel.errors.StorageError` that say which database it was, without a password. After a
    :class:`ConnectionLostError` it can be used on, once the database is there again.
    """

    name: str
    """The file, or the URL without its password."""

    def now(self) -> float:
        """Seconds since 1970 by the database's clock."""

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        """Execute a query, or a change that returns rows."""

    def change(self, statement: str, *parameters: Any) -> int:
        """Execute a change; how many rows it concerned."""

    def reading(self) -> AbstractContextManager[None]:
        """Let several queries see the same state; inside of a change, that of the change."""

    def writing(self, study: int | None) -> AbstractContextManager[None]:
        """Make several changes at once or, after an exception, none; nobody else changes *study* meanwhile."""

    def adding(self, study: int) -> AbstractContextManager[None]:
        """Keep others from adding to *study*; before it is changed, :meth:`lock` is called."""

    def lock(self, study: int) -> None:
        """Inside of :meth:`adding`: nobody else changes *study* until its end."""

    def together(self, study: int) -> AbstractContextManager[None]:
        """Make any changes at once or, after an exception, none; nobody else adds to *study* or changes it."""

    def position(self, study: int) -> Any:
        """A value that changes with the study."""

    def close(self) -> None:
        """Close the connection."""
