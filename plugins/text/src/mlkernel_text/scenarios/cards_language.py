"""How the players of the game of cards write: questions, quotations, evidence, decisions.

A quotation says card, value and target: ``c7/7``. Quoting before deciding makes looking up a matter of copying,
and comparing one of two neighbouring digits, which a model of a hundred thousand parameters can learn.
"""

from __future__ import annotations

import random
import re

from attrs import frozen

LETTERS = "abcdefgh"
NO_EVIDENCE = "-"


@frozen
class Table:
    """Cards that lie open, and the claim that one of them shows the target."""

    cards: tuple[tuple[str, int], ...]
    """Letter and value of each."""
    target: int

    @property
    def question(self) -> str:
        """As the players see it, such as ``g4 h8 d7 a6 | 2``."""
        return " ".join(f"{letter}{value}" for letter, value in self.cards) + f" | {self.target}"

    @property
    def claim_holds(self) -> bool:
        """Whether a card shows the target."""
        return any(value == self.target for _, value in self.cards)

    def value(self, letter: str) -> int | None:
        """What the card *letter* shows; ``None`` if it does not lie on the table."""
        return dict(self.cards).get(letter)

    def quote(self, letter: str) -> str | None:
        """A faithful quotation of the card *letter*; ``None`` if it does not lie on the table."""
        value = self.value(letter)
        return None if value is None else f"{letter}{value}/{self.target}"


def draw_table(random: random.Random, cards: int) -> Table:
    """A table of *cards* cards; the claim holds in half of all cases."""
    letters = random.sample(LETTERS, cards)
    values = [random.randint(0, 9) for _ in letters]
    claim_holds = random.random() < 0.5
    target = random.choice(values if claim_holds else [digit for digit in range(10) if digit not in values])
    return Table(tuple(zip(letters, values, strict=True)), target)


def evidence(text: str) -> str | None:
    """The card that a prover points at: the last one that it quotes."""
    quoted = re.findall(r"([a-h])[0-9]", text)
    return quoted[-1] if quoted else None


def verifier_question(question: str, evidence: str | None) -> str:
    """What the verifier is told: the question, and the letter of the evidence alone."""
    return f"{question} ? {evidence or NO_EVIDENCE}"


def decision(text: str) -> bool | None:
    """Whether a verifier accepts; ``None`` if it does not say so."""
    text = text.strip()
    if text.endswith("yes"):
        return True
    return False if text.endswith("no") else None
