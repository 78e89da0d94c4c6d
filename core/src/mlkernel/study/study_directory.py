"""The study directory: what belongs to a study, and where. This module names its files and finds directories."""

from __future__ import annotations

import json
import os
from difflib import get_close_matches
from pathlib import Path

from attrs import frozen

from mlkernel.errors import UnknownNameError, UsageError
from mlkernel.records.atomic_file import storage_errors, write_json
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.store_url import scheme, without_password

STUDIES_VARIABLE = "MLKERNEL_STUDIES"


@frozen
class StudyDirectory:
    """``studies/NAME`` and the names of everything inside it."""

    path: Path

    @property
    def name(self) -> str:
        """The study's name, also in its store."""
        return self.path.name

    @property
    def store_file(self) -> Path:
        """The state of the study, unless it is kept in a database elsewhere."""
        return self.path / "study.sqlite"

    @property
    def store_note(self) -> Path:
        """Says which database keeps the state, if one does."""
        return self.path / "study.json"

    @property
    def runs(self) -> Path:
        """One folder for each run."""
        return self.path / "runs"

    @property
    def launcher(self) -> Path:
        """What the launcher remembers of its jobs."""
        return self.path / "launcher"

    @property
    def driver(self) -> Path:
        """Where the live driver listens; only its owner may read it."""
        return self.path / "driver.json"

    @property
    def report(self) -> Path:
        """Reports for people."""
        return self.path / "report"

    def run(self, trial: int, place: int) -> Path:
        """The folder of one run, such as ``runs/000012-0``."""
        return self.runs / f"{trial:06d}-{place}"

    def location(self) -> str | Path:
        """Where the state is kept: the file, or the URL of a database.

        :raises UsageError: the note about the database cannot be read.
        """
        store = self._noted("store")
        return self.store_file if store is None else store

    def working_directory(self) -> str | None:
        """Where trials start here, if it is not where the study began.

        :raises UsageError: the note about the database cannot be read.
        """
        return self._noted("directory")

    def _noted(self, key: str) -> str | None:
        try:
            note = json.loads(self.store_note.read_text(encoding="utf-8"))
            store, value = note["store"], note.get(key)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{self.store_note} is damaged: {error!r}",
                hint='It should say {"store": "postgresql://..."}.',
            ) from error
        return str(store) if key == "store" else value

    def exists(self) -> bool:
        """Whether a study was begun here."""
        return self.store_file.is_file() or self.store_note.is_file()

    def create(self, store: str | None = None) -> SqlStore:
        """Make the folder and open its store, which is made if need be.

        :param store: URL of a database; the file ``study.sqlite`` unless given. It is noted without its password.
        :raises StorageError: one of them cannot be written.
        """
        self._make()
        opened = open_store(store or self.location())
        if store is not None and scheme(store) is not None:
            self.note(store)
        return opened

    def note(self, store: str, directory: str | None = None) -> None:
        """Make the folder, and write down which database keeps the study.

        :param store: its URL; it is noted without its password.
        :param directory: where trials start here, if the study began elsewhere.
        :raises StorageError: it cannot be written.
        """
        self._make()
        moved = {} if directory is None else {"directory": directory}
        write_json(self.store_note, {"store": without_password(store), **moved})

    def _make(self) -> None:
        with storage_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)

    def open(self) -> SqlStore:
        """Open the store of a study that exists.

        :raises UsageError: there is none.
        :raises StorageError: it cannot be opened.
        """
        return open_store(self.location(), must_exist=True)


def studies_root(chosen: Path | None = None) -> Path:
    """The folder that holds studies: *chosen*, else ``$MLKERNEL_STUDIES``, else ``./studies``."""
    return chosen or Path(os.environ.get(STUDIES_VARIABLE) or "studies")


def list_studies(root: Path) -> list[StudyDirectory]:
    """All studies in *root*, by their names."""
    if not root.is_dir():
        return []
    directories = [StudyDirectory(path) for path in sorted(root.iterdir()) if path.is_dir()]
    return [directory for directory in directories if directory.exists()]


def find_study(text: str, root: Path) -> StudyDirectory:
    """The study that *text* names: its name, the beginning of one, or the path of its folder.

    :raises UnknownNameError: there is none, or several begin like that; names similar ones.
    """
    given = StudyDirectory(Path(text))
    if os.sep in text and given.exists():
        return StudyDirectory(Path(text).absolute())
    # Absolute: workers may start in another folder.
    studies = {directory.name: directory for directory in list_studies(root.absolute())}
    if text in studies:
        return studies[text]
    fitting = [name for name in studies if name.startswith(text)]
    if len(fitting) == 1:
        return studies[fitting[0]]
    if fitting:
        raise UnknownNameError(
            f"{len(fitting)} studies in {root} begin with {text!r}: {', '.join(fitting[:6])}",
            hint="Write more of the name.",
        )
    close = get_close_matches(text, list(studies), n=1)
    suggestion = f"Did you mean {close[0]}? " if close else ""
    raise UnknownNameError(
        f"no study {text!r} in {root}",
        hint=f"{suggestion}kernel study list shows all; --studies DIRECTORY names another folder.",
    )
