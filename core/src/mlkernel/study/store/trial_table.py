"""The trials of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlkernel.errors import UsageError
from mlkernel.records.strict_json import strict_json
from mlkernel.study.curves import ENDED
from mlkernel.study.store.database import Database, Row
from mlkernel.study.store.records import TrialRecord
from mlkernel.study.store.rows import TRIAL, plain_text, read_values, trial_record, values_text
from mlkernel.study.store.study_store import NewTrialRecord

_NEXT_SEQUENCE = "(SELECT coalesce(max(sequence), -1) + 1 FROM mlkernel_trials WHERE study = ?)"


class TrialTable:
    """Each change is part of a transaction that the caller began. Records come without their runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_number(self, study: int) -> int:
        """The number of the next trial that is added."""
        number: int = self._database.rows(
            "SELECT coalesce(max(number), -1) + 1 FROM mlkernel_trials WHERE study = ?", study
        )[0][0]
        return number

    def add(self, study: int, first: int, trials: Sequence[NewTrialRecord]) -> list[TrialRecord]:
        """Add *trials*, numbered from *first* on."""
        now = self._database.now()
        rows: list[Row] = [
            (
                number,
                strict_json(dict(trial.parameters)),
                "waiting",
                trial.until,
                None,
                None,
                None,
                None,
                now,
                None,
            )
            for number, trial in enumerate(trials, first)
        ]
        self._database.change_many(
            f"INSERT INTO mlkernel_trials (study, {TRIAL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(study, *row) for row in rows],
        )
        self._database.change(
            "UPDATE mlkernel_counts SET trials = trials + ? WHERE study = ? AND state = 'waiting'",
            len(rows),
            study,
        )
        return [trial_record(row) for row in rows]

    def state(self, study: int, number: int) -> str:
        """The state of a trial.

        :raises UsageError: there is no such trial.
        """
        rows = self._database.rows(
            "SELECT state FROM mlkernel_trials WHERE study = ? AND number = ?", study, number
        )
        if not rows:
            raise self._unknown(number)
        state: str = rows[0][0]
        return state

    def get(self, study: int, number: int) -> TrialRecord:
        """One trial.

        :raises UsageError: there is no such trial.
        """
        rows = self._database.rows(
            f"SELECT {TRIAL} FROM mlkernel_trials WHERE study = ? AND number = ?", study, number
        )
        if not rows:
            raise self._unknown(number)
        return trial_record(rows[0])

    def run(self, study: int, number: int, state: str, until: float | None) -> None:
        """One of its runs starts; *state* is what it was."""
        self._database.change(
            "UPDATE mlkernel_trials SET state = 'running', until = ? WHERE study = ? AND number = ?",
            until,
            study,
            number,
        )
        self._count(study, state, "running")

    def rest(self, study: int, number: int) -> None:
        """A run was handed back: the trial waits, unless another of its runs goes on."""
        rested = self._database.change(
            "UPDATE mlkernel_trials SET state = 'waiting' WHERE study = ? AND number = ? AND state = 'running'"
            " AND NOT EXISTS (SELECT 1 FROM mlkernel_runs WHERE study = ? AND trial = ? AND state = 'running')",
            *(study, number, study, number),
        )
        if rested:
            self._count(study, "running", "waiting")

    def change(  # noqa: PLR0913 - everything that changes at once
        self,
        study: int,
        number: int,
        state: str,
        *,
        values: Sequence[float] | None,
        reason: str | None,
        parameters: Mapping[str, Any] | None,
        until: float | None,
        parent: int | None,
    ) -> TrialRecord:
        """Change a trial. What is ``None`` stays as it is."""
        before = self.state(study, number)
        ends = state in ENDED
        sequence = f"coalesce(sequence, {_NEXT_SEQUENCE})" if ends else "sequence"
        rows = self._database.rows(
            "UPDATE mlkernel_trials SET state = ?, result = coalesce(?, result),"
            " first_result = coalesce(?, first_result), reason = coalesce(?, reason),"
            " parameters = coalesce(?, parameters), until = coalesce(?, until), parent = coalesce(?, parent),"
            f" ended = ?, sequence = {sequence} WHERE study = ? AND number = ? RETURNING {TRIAL}",
            state,
            values_text(values),
            values[0] if values else None,
            plain_text(reason),
            None if parameters is None else strict_json(dict(parameters)),
            until,
            parent,
            self._database.now() if ends else None,
            *([study] if ends else []),
            study,
            number,
        )
        self._count(study, before, state)
        return trial_record(rows[0])

    def rows(self, study: int, after: int, limit: int) -> list[Row]:
        """The next *limit* trials with numbers above *after*."""
        return self._database.rows(
            f"SELECT {TRIAL} FROM mlkernel_trials WHERE study = ? AND number > ? ORDER BY number LIMIT ?",
            *(study, after, limit),
        )

    def ends(self, study: int, after: int) -> list[TrialRecord]:
        """Trials that ended, in the order of their ends, those after the place *after*."""
        rows = self._database.rows(
            f"SELECT {TRIAL} FROM mlkernel_trials WHERE study = ? AND sequence > ? AND ended IS NOT NULL"
            " ORDER BY sequence",
            *(study, after),
        )
        return [trial_record(row) for row in rows]

    def best(self, study: int, *, maximise: bool, limit: int, states: Sequence[str]) -> list[TrialRecord]:
        """The best trials in one of *states* by their first value, ties by their numbers."""
        places = ", ".join("?" * len(states))
        direction = "DESC" if maximise else "ASC"
        rows = self._database.rows(
            f"SELECT {TRIAL} FROM mlkernel_trials WHERE study = ? AND first_result IS NOT NULL"
            f" AND state IN ({places}) ORDER BY first_result {direction}, number LIMIT ?",
            *(study, *states, limit),
        )
        return [trial_record(row) for row in rows]

    def values(self, study: int, states: Sequence[str]) -> Iterator[tuple[int, tuple[float, ...]]]:
        """Number and values of the trials in one of *states* that have values, in the order of their numbers."""
        places = ", ".join("?" * len(states))
        rows = self._database.rows(
            "SELECT number, result FROM mlkernel_trials WHERE study = ? AND result IS NOT NULL"
            f" AND state IN ({places}) ORDER BY number",
            *(study, *states),
        )
        return ((number, read_values(result) or ()) for number, result in rows)

    def counts(self, study: int) -> dict[str, int]:
        """How many trials are in each state, those that have any."""
        return dict(
            self._database.rows(
                "SELECT state, trials FROM mlkernel_counts WHERE study = ? AND trials > 0", study
            )
        )

    def _unknown(self, number: int) -> UsageError:
        return UsageError(f"the study has no trial {number} in {self._database.name}")

    def _count(self, study: int, before: str, after: str) -> None:
        if before != after:
            self._database.change(
                "UPDATE mlkernel_counts SET trials = trials + CASE WHEN state = ? THEN -1 ELSE 1 END"
                " WHERE study = ? AND state IN (?, ?)",
                *(before, study, before, after),
            )
