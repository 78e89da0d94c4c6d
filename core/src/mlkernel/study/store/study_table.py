"""The studies of a store, and their configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from mlkernel.errors import UnknownNameError, UsageError
from mlkernel.records.strict_json import strict_json
from mlkernel.study.store.database import Database
from mlkernel.study.store.records import StudyRecord, StudyState
from mlkernel.study.store.rows import STUDY, read_json, study_record
from mlkernel.study.store.tables import OF_A_STUDY


class StudyTable:
    """Studies by their names; the other tables know them by keys, which are never given twice."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, int] = {}

    def key(self, name: str) -> int:
        """The key of a study in the other tables.

        :raises UsageError: there is none of this name; names similar ones.
        """
        known = self._keys.get(name)
        if known is not None:
            return known
        rows = self._database.rows("SELECT id FROM mlkernel_studies WHERE name = ?", name)
        if not rows:
            raise self.unknown(name)
        key: int = rows[0][0]
        self._keys[name] = key
        return key

    def unknown(self, name: str) -> UsageError:
        """The error for a study that does not exist, or no longer."""
        self._keys.pop(name, None)
        names = [known for (known,) in self._database.rows("SELECT name FROM mlkernel_studies ORDER BY id")]
        close = get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]}?" if close else "kernel study list shows all."
        return UnknownNameError(f"no study {name!r} in {self._database.name}", hint=hint if names else None)

    def all(self) -> list[StudyRecord]:
        """All studies, oldest first."""
        return [
            study_record(row)
            for row in self._database.rows(f"SELECT {STUDY} FROM mlkernel_studies ORDER BY id")
        ]

    def get(self, name: str) -> StudyRecord:
        """One study."""
        rows = self._database.rows(f"SELECT {STUDY} FROM mlkernel_studies WHERE name = ?", name)
        if not rows:
            raise self.unknown(name)
        return study_record(rows[0])

    def create(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Add a study."""
        with self._database.writing(None):
            # Of two drivers that begin it at the same moment, the later one finds it, and no error of the database.
            rows = self._database.rows(
                "INSERT INTO mlkernel_studies (name, configuration, state, created, revision, changes)"
                f" VALUES (?, ?, 'running', ?, 0, 0) ON CONFLICT (name) DO NOTHING RETURNING {STUDY}",
                name,
                strict_json(configuration),
                self._database.now(),
            )
        if not rows:
            raise UsageError(
                f"there is a study {name!r} in {self._database.name} already",
                hint="Go on with kernel study resume, or choose another name.",
            )
        return study_record(rows[0])

    def restore(self, key: int, study: StudyRecord, revisions: Sequence[Mapping[str, Any]]) -> StudyRecord:
        """Give a new study the state and age of *study*, and its earlier configurations."""
        for revision, configuration in enumerate(revisions):
            self._database.change(
                "INSERT INTO mlkernel_revisions (study, revision, configuration) VALUES (?, ?, ?)",
                *(key, revision, strict_json(configuration)),
            )
        self._database.change(
            "UPDATE mlkernel_studies SET state = ?, created = ?, revision = ? WHERE id = ?",
            *(study.state, study.created, len(revisions), key),
        )
        return self.get(study.name)

    def revise(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Change its configuration and keep what it was."""
        key = self.key(name)
        with self._database.writing(key):
            self._database.change(
                "INSERT INTO mlkernel_revisions SELECT id, revision, configuration FROM mlkernel_studies"
                " WHERE id = ?",
                key,
            )
            rows = self._database.rows(
                "UPDATE mlkernel_studies SET configuration = ?, revision = revision + 1"
                f" WHERE id = ? RETURNING {STUDY}",
                strict_json(configuration),
                key,
            )
            if not rows:
                raise self.unknown(name)
        return study_record(rows[0])

    def revisions(self, name: str) -> list[dict[str, Any]]:
        """Earlier configurations, oldest first."""
        rows = self._database.rows(
            "SELECT configuration FROM mlkernel_revisions WHERE study = ? ORDER BY revision", self.key(name)
        )
        return [read_json(configuration) for (configuration,) in rows]

    def set_state(self, name: str, state: StudyState) -> None:
        """Say that the study goes on, was stopped, or is finished."""
        key = self.key(name)
        with self._database.writing(key):
            if not self._database.change("UPDATE mlkernel_studies SET state = ? WHERE id = ?", state, key):
                raise self.unknown(name)

    def delete(self, name: str) -> None:
        """Remove the study and all that belongs to it."""
        key = self.key(name)
        with self._database.writing(key):
            for table in OF_A_STUDY:
                self._database.change(f"DELETE FROM mlkernel_{table} WHERE study = ?", key)
            self._database.change("DELETE FROM mlkernel_studies WHERE id = ?", key)
        self._keys.pop(name, None)
