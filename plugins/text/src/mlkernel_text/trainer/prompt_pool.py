"""The prompts that were kept, and how well each does on each problem.

Agrawal et al. 2025, "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement Learning", algorithms 1 and 2.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from attrs import frozen


@frozen(kw_only=True)
class Candidate:
    """Instructions for the agents."""

    instructions: Mapping[str, str]
    """Agent → further text at the end of its system prompt."""
    scores: tuple[float, ...]
    """On each of the same problems."""
    parent: int | None = None
    """Position in the pool of the candidate that it was made from."""

    @property
    def mean(self) -> float:
        """Its mean score."""
        return sum(self.scores) / len(self.scores)


def best_candidate(pool: Sequence[Candidate]) -> int:
    """The greatest mean score, the earlier one of equals."""
    return max(range(len(pool)), key=lambda position: (pool[position].mean, -position))


def select_from_front(pool: Sequence[Candidate], random: random.Random) -> int:
    """Draw a candidate by the number of problems on which it is best (algorithm 2).

    Candidates that another one of the front dominates, at least as good on every problem and better on one, are left
    out.
    """
    winners = _winners(pool)
    front = sorted(set().union(*winners))
    front = [one for one in front if not any(_dominates(pool[other], pool[one]) for other in front)]
    wins = [sum(one in group for group in winners) for one in front]
    return random.choices(front, weights=wins)[0]


def _winners(pool: Sequence[Candidate]) -> list[set[int]]:
    """For each problem the candidates that are best on it."""
    winners = []
    for scores in zip(*(candidate.scores for candidate in pool), strict=True):
        best = max(scores)
        winners.append({position for position, score in enumerate(scores) if score == best})
    return winners


def _dominates(one: Candidate, other: Candidate) -> bool:
    pairs = list(zip(one.scores, other.scores, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)
