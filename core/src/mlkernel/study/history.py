"""What is known of a study's trials: what they were worth, in the order of their ends, and which are under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen


def _values(given: Iterable[float] | None) -> tuple[float, ...] | None:
    return None if given is None else tuple(given)


@frozen(kw_only=True)
class Observation:
    """What a trial was worth when it ended, or when it paused.

    A trial that a scheduler let rest has several, on rising budgets; values on different budgets cannot be compared.
    """

    number: int | None = None
    """Of the trial; ``None`` for a point that is known from elsewhere, such as an earlier study."""
    parameters: Mapping[str, Any]
    """The point that was tried; it need not be in the space that is searched now."""
    values: tuple[float, ...] | None = attrs.field(converter=_values)
    """One value for each objective, not negated; ``None`` when the trial failed."""
    budget: float | None = None
    """How much of the full effort the values cost, such as epochs; ``None`` for all of it. Failed trials have none."""


@frozen(kw_only=True)
class PendingTrial:
    """A trial that was proposed, and of which the history has no observation."""

    number: int
    parameters: Mapping[str, Any]


class History:
    """Observations in the order in which the trials ended or paused. It only grows.

    Algorithms may keep what they computed from a history, for as long as they are asked with the same object: what it
    held once, it holds for ever in the same place.
    """

    def __init__(self, observations: Iterable[Observation] = ()) -> None:
        self._observations = list(observations)

    def append(self, observation: Observation) -> None:
        """Add what a trial was worth."""
        self._observations.append(observation)

    def since(self, start: int) -> Iterator[Observation]:
        """The observations from position *start* on."""
        return iter(self._observations[start:])

    def __len__(self) -> int:
        return len(self._observations)

    def __iter__(self) -> Iterator[Observation]:
        return iter(self._observations)

    def __getitem__(self, place: int) -> Observation:
        return self._observations[place]
