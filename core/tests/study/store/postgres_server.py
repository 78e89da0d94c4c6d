"""A PostgreSQL server of a test's own, in a temporary folder, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "pa:ss%word"
WRITTEN_PASSWORD = "pa%3Ass%25word"


def missing() -> str | None:
    """Why there can be no server here, if there cannot."""
    if _programs() is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "the package psycopg is not installed: pip install 'mlkernel[postgres]'"
    return None


@contextmanager
def postgres_server() -> Iterator[Path]:
    """Run a server; yields the folder of its socket."""
    programs = _programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path must be short
    try:
        # PostgreSQL refuses to run as root.
        user = _unprivileged()
        if user is not None:
            os.chown(folder, user, -1)
        password = folder / "password"
        password.write_text(PASSWORD)
        options = ["-U", "kernel", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"]
        _run(user, programs / "initdb", "-D", folder / "data", *options)
        start(folder)
        try:
            yield folder
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                stop(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path) -> None:
    """Start the server in *folder*."""
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    _control(folder, "-l", folder / "log", "-o", settings, "start")


def stop(folder: Path) -> None:
    """Stop it at once, as if it had died."""
    _control(folder, "-m", "immediate", "stop")


def url(folder: Path, database: str = "postgres") -> str:
    return f"postgresql://kernel:{WRITTEN_PASSWORD}@/{database}?host={folder}"


def _programs() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


def _control(folder: Path, *words: object) -> None:
    programs = _programs()
    assert programs is not None
    _run(_unprivileged(), programs / "pg_ctl", "-D", folder / "data", "-w", *words)


def _unprivileged() -> int | None:
    if os.getuid() != 0:
        return None
    import pwd  # which not every system has

    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return names.get("postgres", names["nobody"])


def _run(user: int | None, program: Path, *arguments: object) -> None:
    subprocess.run(
        [str(program), *map(str, arguments)],
        user=user,
        cwd="/",
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
