"""From a path or URL to a store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlkernel.errors import UsageError
from mlkernel.study.store.database import Database
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.sqlite_database import SqliteDatabase
from mlkernel.study.store.store_url import scheme


def open_store(location: str | Path, *, must_exist: bool = False) -> SqlStore:
    """Open the store at *location*.

    :param location: path of a SQLite file; ``sqlite:///PATH``, with a fourth slash for an absolute path; or
        ``postgresql://USER@HOST/DATABASE``, for which libpq's variables and files give what the URL leaves out, such as
        the password.
    :param must_exist: refuse a file that does not exist, or a database without tables, instead of making them.
    :raises UsageError: no such URL, or no such store; it holds something else, or is of another version.
    :raises StorageError: it cannot be opened.
    :raises PluginError: the library that it needs is not installed.
    """
    return SqlStore(_database(location, must_exist=must_exist))


def _database(location: str | Path, *, must_exist: bool) -> Database:
    named = scheme(location)
    if named is None:
        return SqliteDatabase(Path(location), must_exist=must_exist)
    if named == "sqlite":
        return SqliteDatabase(Path(unquote(urlsplit(str(location)).path[1:])), must_exist=must_exist)
    if named in {"postgresql", "postgres"}:
        from mlkernel.study.store.postgres_database import PostgresDatabase

        return PostgresDatabase(str(location), must_exist=must_exist)
    raise UsageError(
        f"no store for addresses that begin with {named}://",
        hint="Give the path of a file, or postgresql://USER@HOST/DATABASE.",
    )
