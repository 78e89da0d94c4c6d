"""How episodes end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from mlkernel_text.rollouts.episode import EpisodeOutcome

OUTCOMES: tuple[EpisodeOutcome, ...] = ("ok", "length", "invalid", "refused", "filtered", "overlong", "error")
"""From the best to the worst."""
USABLE: frozenset[EpisodeOutcome] = frozenset({"ok", "length"})
"""Outcomes of what may be trained on."""
OF_MODELS: frozenset[EpisodeOutcome] = frozenset(OUTCOMES) - {"error"}
"""Outcomes that the models brought about, and no failure of a provider."""

_RANKS = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}
assert _RANKS.keys() == set(get_args(EpisodeOutcome))


def worst_outcome(outcomes: Iterable[EpisodeOutcome]) -> EpisodeOutcome:
    """The worst of *outcomes*; ``"ok"`` if there are none."""
    return max(outcomes, key=_RANKS.__getitem__, default="ok")
