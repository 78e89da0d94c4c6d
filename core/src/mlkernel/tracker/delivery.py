"""One run on its way to one tracker."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from typing import Any

import attrs

from mlkernel.tracker.source import Position, Source, TakenBackError
from mlkernel.tracker.tracker import RunFacts, Tracker
from mlkernel.tracker.tracking_file import Tracking, TrackingFile

BATCH = 1000
"""Records that a tracker is given at a time."""
_UNDER_WAY = ("pending", "running")


class Delivery:
    """Sends what is new, and remembers on disk how far it came.

    :param watch: entered around each call of the tracker.
    """

    def __init__(self, source: Source, file: TrackingFile, watch: AbstractContextManager[object]) -> None:
        self._source, self._file, self._watch = source, file, watch
        self._tracking = file.read()
        self._choice = self._tracking.tracker.choice()
        self._tracker: Tracker | None = None
        self._described: RunFacts | None = None
        self._checked_attempts = -1
        self._position: Position | None = self._tracking.position
        """``None`` while a run that was cut back has not logged again what was sent."""

    @property
    def key(self) -> str:
        """Of the run, for this tracker."""
        return self._tracking.key

    @property
    def tracking(self) -> Tracking:
        """What is known of it."""
        return self._tracking

    def step(self) -> RunFacts:
        """Send everything that is there; everything of the run if the facts that are returned say that it has ended.

        :raises Exception: the tracker's; the next step tries again with a new one.
        """
        facts = self._source.facts()  # first: whoever has ended logged everything before
        if self._is_complete(facts):
            return facts
        try:
            tracker = self._tracker or self._make()
            if facts.attempts != self._checked_attempts:
                tracker = self._check(tracker, facts.attempts)
            if not self._send(tracker, facts.attempts):
                return attrs.evolve(facts, state="running")  # a new attempt came in between: look once more
            self._describe(tracker, facts)
        except BaseException:
            self._drop()
            raise
        if facts.state not in _UNDER_WAY:
            self.close()  # what holds back anything until then raises here
            self._note(complete_after=facts.attempts)
        return facts

    def close(self) -> None:
        """Let the tracker go."""
        if self._tracker is not None:
            tracker, self._tracker = self._tracker, None
            self._described = None
            with self._watch:
                tracker.close()

    def _is_complete(self, facts: RunFacts) -> bool:
        sent = self._tracking.position
        return (
            facts.state not in _UNDER_WAY
            and self._tracking.complete_after == facts.attempts
            and self._source.holds(sent)
            and self._source.read(sent, 1)[1] == sent
        )

    def _make(self) -> Tracker:
        run = self._source.introduce(self._tracking.key)
        with self._watch:
            made: Tracker = self._choice.make(run, self._tracking.memory)
        self._tracker, self._described, self._checked_attempts = made, None, -1
        self._note(memory=dict(made.memory), complete_after=None)
        self._position = Position() if made.rewrites else self._tracking.position
        return made

    def _check(self, tracker: Tracker, attempts: int) -> Tracker:
        """See whether a new attempt has taken back what was sent."""
        sent = self._position or self._tracking.position
        if not self._source.holds(sent):
            if tracker.rewrites:
                self.close()
                tracker = self._make()
            else:
                self._position = None
        self._checked_attempts = attempts
        return tracker

    def _send(self, tracker: Tracker, attempts: int) -> bool:
        """Whether all of it belongs to these attempts."""
        if self._position is None:
            self._position = self._source.behind(self._tracking.position.records)
        while self._position is not None:
            try:
                records, position = self._source.read(self._position, BATCH)
            except TakenBackError:
                self._checked_attempts = -1
                return False
            if self._source.attempts() != attempts:
                return False
            if position == self._position:
                break
            if records:
                with self._watch:
                    tracker.log(records)
            self._position = position
            self._note(position=position)
        return True

    def _describe(self, tracker: Tracker, facts: RunFacts) -> None:
        if facts != self._described:
            with self._watch:
                tracker.describe(facts)
            self._described = facts

    def _drop(self) -> None:
        with suppress(Exception):
            self.close()

    def _note(self, **changes: Any) -> None:
        noted = attrs.evolve(self._tracking, **changes)
        if noted != self._tracking:
            self._file.write(noted)
            self._tracking = noted
