"""The trials of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlkernel.errors import UsageError
from mlkernel.study.curves import ENDED, TrialState
from mlkernel.study.store.database import Database, Row
from mlkernel.study.store.records import PauseRecord, RunRecord, TrialRecord
from mlkernel.study.store.rows import (
    PAUSE,
    TRIAL,
    TRIAL_COLUMNS,
    mapping_text,
    pause_record,
    plain_text,
    read_json,
    read_values,
    trial_record,
    values_text,
)
from mlkernel.study.store.study_store import NewTrialRecord

_STATE = TRIAL_COLUMNS.index("state")
_NEXT_PLACE = (
    "SELECT coalesce(max(place), -1) + 1 FROM ("
    "SELECT max(sequence) AS place FROM mlkernel_trials WHERE study = ? AND sequence IS NOT NULL"
    " UNION ALL SELECT max(sequence) FROM mlkernel_pauses WHERE study = ?) AS places"
)

_CHANGED = (
    "UPDATE mlkernel_trials SET state = ?, ended = ?, result = coalesce(?, result),"
    " first_result = coalesce(?, first_result), parameters = coalesce(?, parameters), reason = coalesce(?, reason),"
    " until = coalesce(?, until), parent = coalesce(?, parent), source = coalesce(?, source)"
)
_PLACED = f", sequence = coalesce(sequence, ({_NEXT_PLACE}))"

_STATES: tuple[TrialState, ...] = ("waiting", "running", "paused", "stopped", "finished", "failed")
"""In the order in which people are told of them."""


class TrialTable:
    """Each change is part of a transaction that the caller began. Records come without their runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_number(self, study: int) -> int:
        """The number of the next trial that is added.

        :raises UsageError: the study was deleted.
        """
        rows = self._database.rows(
            "SELECT (SELECT coalesce(max(number), -1) + 1 FROM mlkernel_trials WHERE study = ?)"
            " FROM mlkernel_studies WHERE id = ?",
            *(study, study),
        )
        if not rows:
            raise UsageError(f"the study was deleted from {self._database.name} meanwhile")
        following: int = rows[0][0]
        return following

    def add(
        self, study: int, number: int, trial: NewTrialRecord, state: TrialState, runs: tuple[RunRecord, ...]
    ) -> TrialRecord:
        """Add a trial that has these *runs*."""
        now = self._database.now()
        parameters = mapping_text(trial.parameters)
        self._database.change(
            "INSERT INTO mlkernel_trials (study, number, parameters, state, until, created)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(study, number, parameters, state, trial.until, now),
        )
        return TrialRecord(
            number=number,
            parameters=read_json(parameters),
            state=state,
            until=trial.until,
            created=now,
            runs=runs,
        )

    def restore(self, study: int, trial: TrialRecord) -> None:
        """Add a trial as it was elsewhere; one that ran waits."""
        state: TrialState = "waiting" if trial.state == "running" else trial.state
        self._database.change(
            "INSERT INTO mlkernel_trials (study, number, parameters, state, until, parent, source, result,"
            " first_result, reason, sequence, created, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(study, trial.number, mapping_text(trial.parameters), state, trial.until, trial.parent),
            trial.source,
            *(values_text(trial.values), trial.values[0] if trial.values else None, plain_text(trial.reason)),
            *(trial.sequence, trial.created, trial.ended),
        )

    def get(self, study: int, number: int) -> TrialRecord:
        """One trial.

        :raises UsageError: there is no such trial.
        """
        return trial_record(self._row(study, number))

    def state(self, study: int, number: int) -> str:
        """The state of a trial.

        :raises UsageError: there is no such trial.
        """
        rows = self._database.rows(
            "SELECT state FROM mlkernel_trials WHERE study = ? AND number = ?", study, number
        )
        state: str = rows[0][0] if rows else self._row(study, number)[_STATE]
        return state

    def run(self, study: int, number: int, until: float | None) -> None:
        """One of its runs starts."""
        self._database.change(
            "UPDATE mlkernel_trials SET state = 'running', until = ? WHERE study = ? AND number = ?",
            until,
            study,
            number,
        )

    def rest(self, study: int, number: int) -> None:
        """A run was handed back: the trial waits, unless another of its runs goes on."""
        self._database.change(
            "UPDATE mlkernel_trials SET state = 'waiting' WHERE study = ? AND number = ? AND state = 'running'"
            " AND NOT EXISTS (SELECT 1 FROM mlkernel_runs WHERE study = ? AND trial = ? AND state = 'running')",
            *(study, number, study, number),
        )

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
    ) -> None:
        """Change a trial. What is ``None`` stays as it is."""
        is_over = state in ENDED
        changed = self._database.change(
            f"{_CHANGED}{_PLACED if is_over else ''} WHERE study = ? AND number = ?",
            *(state, self._database.now() if is_over else None),
            *(values_text(values), None if values is None else float(values[0])),
            *(None if parameters is None else mapping_text(parameters), plain_text(reason)),
            *(until, parent, parent, *((study, study) if is_over else ()), study, number),
        )
        if not changed:
            self._row(study, number)

    def rows(self, study: int, after: int, limit: int) -> list[Row]:
        """The next *limit* trials with numbers above *after*."""
        return self._database.rows(
            f"SELECT {TRIAL} FROM mlkernel_trials WHERE study = ? AND number > ? ORDER BY number LIMIT ?",
            *(study, after, limit),
        )

    def pause(self, study: int, number: int, *, step: float, values: Sequence[float]) -> PauseRecord:
        """Let a trial rest, and note what it is worth so far."""
        row = self._row(study, number)
        self._database.change(
            "UPDATE mlkernel_trials SET state = 'paused', source = NULL WHERE study = ? AND number = ?",
            *(study, number),
        )
        pause = PauseRecord(
            sequence=self._next_place(study),
            trial=number,
            step=step,
            parameters=trial_record(row).parameters,
            values=tuple(values),
        )
        self.restore_pause(study, pause)
        return pause

    def restore_pause(self, study: int, pause: PauseRecord) -> None:
        """Add a pause as it was elsewhere."""
        self._database.change(
            f"INSERT INTO mlkernel_pauses (study, {PAUSE}) VALUES (?, ?, ?, ?, ?, ?)",
            *(study, pause.sequence, pause.trial, pause.step, mapping_text(pause.parameters)),
            values_text(pause.values),
        )

    def pauses(self, study: int, after: int) -> list[PauseRecord]:
        """Pauses after the place *after*, in their order."""
        rows = self._database.rows(
            f"SELECT {PAUSE} FROM mlkernel_pauses WHERE study = ? AND sequence > ? ORDER BY sequence",
            *(study, after),
        )
        return [pause_record(row) for row in rows]

    def ends(self, study: int, after: int) -> list[TrialRecord]:
        """Trials that ended, in the order of their ends, those after the place *after*."""
        rows = self._database.rows(
            f"SELECT {TRIAL} FROM mlkernel_trials WHERE study = ? AND sequence > ?"
            " AND sequence IS NOT NULL AND ended IS NOT NULL ORDER BY sequence",
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
        # To keep the numbers as trials change would cost each trial what counting costs whoever asks for them.
        rows = self._database.rows(
            "SELECT state, count(*) FROM mlkernel_trials WHERE study = ? GROUP BY state", study
        )
        found: dict[str, int] = dict(rows)
        return {state: found[state] for state in _STATES if state in found}

    def _row(self, study: int, number: int) -> Row:
        rows = self._database.rows(
            f"SELECT {TRIAL} FROM mlkernel_trials WHERE study = ? AND number = ?", study, number
        )
        if not rows:
            raise UsageError(f"the study has no trial {number} in {self._database.name}")
        return rows[0]

    def _next_place(self, study: int) -> int:
        """In the order of pauses and ends."""
        following: int = self._database.rows(_NEXT_PLACE, study, study)[0][0]
        return following
