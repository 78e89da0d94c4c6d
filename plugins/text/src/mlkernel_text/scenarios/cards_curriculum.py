"""From what a small model learns to play cards, well enough to be improved and badly enough to need it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from attrs import asdict, frozen

from mlkernel_text.scenarios.cards_language import LETTERS, Table, draw_table, evidence, verifier_question

FORMAT = 1
"""Raise it whenever a question, a quotation or a prompt is written in another way."""

Chats = list[list[dict[str, Any]]]


@frozen(kw_only=True)
class CardsCurriculum:
    """Noise-free recitation, which teaches to look cards up, mixed with noisy demonstrations of both roles.

    The noise of the demonstrations makes a policy that knows how to play and often does not; what is left to gain
    is what training by reward has to find.
    """

    cards: int = 4
    recitation_early: float = 0.6
    """Share of recitations in the first half."""
    recitation_late: float = 0.15
    """Share of recitations in the second half."""
    recited_cards: int = 8
    stop_at_hit: float = 0.8
    """How often a prover stops at a card that shows the target."""
    stop_at_miss: float = 0.3
    """How often it stops at another."""
    lie: float = 0.1
    """How often it then quotes the target in place of the card's value."""
    garbage: float = 0.03
    """How often it says nothing of use."""
    faithful: float = 0.65
    """How often a verifier quotes the value that it sees, and not the target."""
    consistent: float = 0.8
    """How often it decides by what it quoted, and not by a coin."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Scenario, format, and every number above."""
        return {"scenario": "cards", "format": FORMAT, "letters": LETTERS, **asdict(self)}

    def examples(self, random: random.Random, progress: float) -> Chats:
        """One recitation, or one demonstration of a prover and of a verifier who heard it."""
        recitation = self.recitation_early if progress < 0.5 else self.recitation_late
        if random.random() < recitation:
            return [self._recitation(random)]
        return self._demonstrations(random)

    def _recitation(self, random: random.Random) -> list[dict[str, Any]]:
        table = draw_table(random, self.cards)
        recited = [random.randrange(self.cards) for _ in range(self.recited_cards)]
        words = []
        for letter, value in (table.cards[position] for position in recited):
            words.append(f"{letter}{value}/{table.target}{'=' if value == table.target else '!'}")
        return _chat("recite", table.question, " ".join(words))

    def _demonstrations(self, random: random.Random) -> Chats:
        table = draw_table(random, self.cards)
        said = self._prover(random, table)
        pointed = evidence(said)
        return [
            _chat("prover", table.question, said),
            _chat(
                "verifier", verifier_question(table.question, pointed), self._verifier(random, table, pointed)
            ),
        ]

    def _prover(self, random: random.Random, table: Table) -> str:
        words = []
        for letter, value in table.cards:
            hit = value == table.target
            stop = random.random() < (self.stop_at_hit if hit else self.stop_at_miss)
            stop = stop or letter == table.cards[-1][0]
            lie = stop and random.random() < self.lie
            words.append(f"{letter}{table.target if lie else value}/{table.target}")
            if stop:
                break
        return random.choice(["?", "no", "xx"]) if random.random() < self.garbage else " ".join(words)

    def _verifier(self, random: random.Random, table: Table, pointed: str | None) -> str:
        value = None if pointed is None else table.value(pointed)
        seen = "-" if value is None else str(value)
        quoted = seen if random.random() < self.faithful else str(table.target)
        consistent = random.random() < self.consistent
        accepts = quoted == str(table.target) if consistent else random.random() < 0.5
        return f"{pointed or '-'}{quoted}/{table.target} {'yes' if accepts else 'no'}"


def _chat(role: str, question: str, answer: str) -> list[dict[str, Any]]:
    return [
        {"role": "system", "content": role},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]
