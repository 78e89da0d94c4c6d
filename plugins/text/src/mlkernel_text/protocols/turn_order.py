"""Who speaks in which round."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from mlkernel import ConfigError


@frozen
class TurnOrder:
    """The speakers of every round; the verifier speaks in the last one, in which it must decide."""

    rounds: tuple[tuple[str, ...], ...]
    min_rounds: int = 1

    def decides(self, round: int) -> Literal["no", "may", "must"]:  # noqa: A002 - the field's term
        """Whether the verifier, who speaks in *round*, can decide there."""
        if round + 1 == len(self.rounds):
            return "must"
        return "may" if round + 1 >= self.min_rounds else "no"


def take_turns(groups: tuple[tuple[str, ...], ...], *, max_rounds: int, min_rounds: int) -> TurnOrder:
    """Groups of simultaneous speakers, one after the other and again, until the verifier speaks for the last time.

    :raises ConfigError: *max_rounds* ends before everybody spoke and the verifier could decide on it, or
        *min_rounds* is more than there are.
    """
    rounds = [groups[number % len(groups)] for number in range(max_rounds)]
    while rounds and "verifier" not in rounds[-1]:
        rounds.pop()
    if len(rounds) < len(groups):
        needed = len(groups) + (0 if "verifier" in groups[-1] else 1)
        raise ConfigError(
            f"max_rounds={max_rounds} ends before the verifier has heard everybody",
            hint=f"Give at least {needed}; simultaneous speakers share a round.",
        )
    if min_rounds > len(rounds):
        raise ConfigError(
            f"min_rounds={min_rounds} is more than the {len(rounds)} rounds in which the verifier can decide",
            hint="The verifier has the last word, so a round in which only provers would speak is left out.",
        )
    return TurnOrder(tuple(rounds), min_rounds)
