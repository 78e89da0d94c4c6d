"""The folders in which pieces lie: ``pieces/KIND/NAME.yaml`` and ``pieces/project/NAME/``.

Whoever writes holds a lock. A piece is replaced at once or not at all, whenever the process dies; what a dead process
left aside begins with a dot, is never taken for a piece, and goes away with the next change.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from attrs import frozen
from filelock import FileLock

from mlkernel.config.files import format_tree
from mlkernel.config.problems import hint_of
from mlkernel.discovery.allow_and_block import settings_folder
from mlkernel.errors import StorageError, UnknownNameError, UsageError
from mlkernel.records.atomic_file import storage_errors, sync_directory, write_text
from mlkernel.study.pieces.piece_kind import KINDS, PROJECT, check_name

PIECES_VARIABLE = "MLKERNEL_PIECES"
SUFFIXES = (".yaml", ".yml", ".toml", ".json")
"""Of files that are read as pieces; new ones are YAML, which has nulls and comments."""
BACKUP = "backup"
LEFT_ASIDE = re.compile(r"\..+\.(yaml|yml|toml|json)\.\d+")
STAGE = re.compile(r"\..+\.(partial|next|removed)")
"""What a process that died may have left among the pieces, and the stages of a project."""


@frozen
class Piece:
    """Where one piece lies."""

    kind: str
    name: str
    path: Path
    """Its file; the folder of a project."""


@frozen
class PieceFolder:
    """A folder of pieces, those of a project folder or the user's."""

    path: Path

    def find(self, kind: str, name: str) -> Piece | None:
        """The piece of that name, if it is here.

        :raises UsageError: two files claim the name.
        """
        if kind == PROJECT:
            self._finish_swap(name)
            place = self.place(kind, name)
            return Piece(kind, name, place) if place.is_dir() else None
        files = [file for suffix in SUFFIXES if (file := self._file(kind, name, suffix)).is_file()]
        if len(files) > 1:
            raise UsageError(
                f"two files are the {kind} {name!r}: {files[0]} and {files[1]}", hint="Delete one of them."
            )
        return Piece(kind, name, files[0]) if files else None

    def pieces(self, kind: str, pattern: str = "*") -> list[Piece]:
        """All pieces of *kind* whose names match *pattern*, with the wildcards of a shell, by name."""
        folder = self.path / kind
        for complete in folder.glob(".*.next"):
            self._finish_swap(complete.stem.removeprefix("."))
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        shown = [entry for entry in entries if not entry.name.startswith(".")]
        if kind == PROJECT:
            found = [Piece(kind, entry.name, entry) for entry in shown if entry.is_dir()]
        else:
            found = [Piece(kind, entry.stem, entry) for entry in shown if entry.suffix in SUFFIXES]
        return [piece for piece in found if fnmatchcase(piece.name, pattern)]

    def place(self, kind: str, name: str) -> Path:
        """Where a new piece of that name belongs."""
        return self.path / PROJECT / name if kind == PROJECT else self._file(kind, name, SUFFIXES[0])

    @contextmanager
    def changing(self, kind: str) -> Iterator[None]:
        """Nobody else changes pieces here meanwhile.

        :raises StorageError: the folder cannot be written.
        """
        try:
            with storage_errors(self.path):
                (self.path / kind).mkdir(parents=True, exist_ok=True)
                with FileLock(self.path / ".lock"):
                    self._clear_leftovers(kind)
                    yield
        except StorageError as error:
            hint = "Make room, change the permissions, or name another folder with --pieces DIRECTORY."
            raise StorageError(error.message, hint=hint) from error

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nobody changes pieces here meanwhile; where this process may not write, nobody is known to."""
        lock = self.path / ".lock"
        if not os.access(lock, os.W_OK):
            yield
            return
        with FileLock(lock):
            yield

    def write(self, kind: str, name: str, tree: dict[str, Any]) -> Path:
        """Replace a piece by *tree*, or make it; a file that is there keeps its format.

        :raises ConfigError: its format cannot hold *tree*.
        """
        known = self.find(kind, name)
        path = self.place(kind, name) if known is None else known.path
        write_text(path, format_tree(tree, path))
        return path

    def keep_backup(self, piece: Piece) -> Path:
        """Copy a file as it is now to ``backup``; a project is moved there."""
        moment = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        folder = self.path / BACKUP / piece.kind
        folder.mkdir(parents=True, exist_ok=True)
        suffix = "" if piece.kind == PROJECT else piece.path.suffix
        names = (
            f"{piece.name}_{moment}{more}{suffix}" for more in ("", *(f"_{n:03d}" for n in range(2, 1000)))
        )
        backup = next(folder / name for name in names if not (folder / name).exists())
        if piece.kind == PROJECT:
            piece.path.rename(backup)
        else:
            write_text(backup, piece.path.read_text(encoding="utf-8"))
        sync_directory(folder)
        return backup

    def backups(self, piece: Piece) -> list[Path]:
        """What was kept of *piece*, the oldest first."""
        named = re.compile(rf"{re.escape(piece.name)}_\d{{8}}-\d{{6}}(_\d{{3}})?(\.[a-z]+)?")
        folder = self.path / BACKUP / piece.kind
        return sorted(path for path in folder.glob(f"{piece.name}_*") if named.fullmatch(path.name))

    def remove(self, piece: Piece) -> None:
        """Delete a piece; of a project, first its name, so that no half of one is ever found."""
        if piece.kind != PROJECT:
            piece.path.unlink()
        else:
            doomed = piece.path.with_name(f".{piece.name}.removed")
            piece.path.rename(doomed)
            shutil.rmtree(doomed)
        sync_directory(piece.path.parent)

    @contextmanager
    def staged_project(self, name: str) -> Iterator[Path]:
        """A folder to make a project in; it takes its place, the former moves to ``backup``, when all went well."""
        place = self.place(PROJECT, name)
        staged = place.with_name(f".{name}.partial")
        staged.mkdir()
        try:
            yield staged
            _sync_tree(staged)
            # From the renaming on, somebody who looks may let the new one take the place.
            has_former = place.is_dir()
            staged.rename(place.with_name(f".{name}.next"))
            if has_former:
                self.keep_backup(Piece(PROJECT, name, place))
            self._finish_swap(name)
            sync_directory(place.parent)
        finally:
            shutil.rmtree(place.with_name(f".{name}.partial"), ignore_errors=True)

    def _file(self, kind: str, name: str, suffix: str) -> Path:
        return self.path / kind / f"{name}{suffix}"

    def _finish_swap(self, name: str) -> None:
        """Where the former project has moved away, the new one is complete: it takes the place.

        Whoever comes first does it: the process that made it, or, if that died, the next one to look.
        """
        place = self.place(PROJECT, name)
        if not place.exists():
            with storage_errors(place), suppress(FileNotFoundError):
                place.with_name(f".{name}.next").rename(place)

    def _clear_leftovers(self, kind: str) -> None:
        for path in (self.path / kind).glob(".*"):
            if LEFT_ASIDE.fullmatch(path.name) and path.is_file():
                path.unlink()
            elif STAGE.fullmatch(path.name) and path.is_dir():
                self._finish_swap(path.stem.removeprefix("."))
                shutil.rmtree(path, ignore_errors=True)


def piece_folders(chosen: Path | None = None) -> list[PieceFolder]:
    """Where pieces are looked for: *chosen*, else ``$MLKERNEL_PIECES``, else ``./pieces``; then the user's."""
    own = chosen or Path(os.environ.get(PIECES_VARIABLE) or "pieces")
    return [PieceFolder(own), user_folder()]


def user_folder() -> PieceFolder:
    """The folder of pieces that the user has everywhere: ``pieces`` beside the other settings."""
    return PieceFolder(settings_folder() / "pieces")


def find_piece(kind: str, name: str, folders: Sequence[PieceFolder]) -> Piece:
    """The piece of that name in the first of *folders* that has it.

    :raises UnknownNameError: none has; names similar ones.
    """
    check_name(name)
    for folder in folders:
        if (found := folder.find(kind, name)) is not None:
            return found
    known = [piece.name for folder in folders for piece in folder.pieces(kind)]
    elsewhere = [
        other
        for other in (*KINDS, PROJECT)
        if other != kind and any(folder.find(other, name) is not None for folder in folders)
    ]
    also = f"There is a {elsewhere[0]} of that name. " if elsewhere else ""
    more = f"{also}kernel config list shows all."
    raise UnknownNameError(
        f"no {kind} {name!r} in {' or '.join(str(folder.path) for folder in folders)}",
        hint=hint_of(name, known, more) if known else more,
    )


def _sync_tree(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
