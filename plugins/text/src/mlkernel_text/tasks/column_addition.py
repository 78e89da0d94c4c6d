"""Addition in writing, as a model of a hundred thousand parameters can learn it: column by column, from the right.

``58+67`` is put as ``b56 a87``: column ``a`` has the ones 8 and 7, column ``b`` the tens 5 and 6. The answer quotes
each column and the carry into it, then writes the column's digit and the carry out of it: ``a870:5c1 b561:2c1``. The
end quotes carry and digits from the left, ``=1b2a5``, which reads 125. Every step copies what follows a letter
elsewhere, or adds digits that stand side by side.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import asdict, frozen

from mlkernel_text.scenario.curriculum import Curriculum
from mlkernel_text.scenario.scenario import Instance

FORMAT = 1
"""Raise it whenever a question or an answer is written in another way."""

COLUMNS = "abcdefgh"


@frozen
class ColumnAdditionCurriculum:
    """Solved additions; some are wrong, so that there is something left to learn by reward."""

    digits: int
    forgotten_carry: float = 0.3
    """How often the carry into a column is left out, at the end of the training; at its beginning none is."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Task, format, and every number above."""
        return {"task": "arithmetic", "form": "question", "format": FORMAT, **asdict(self)}

    def examples(self, random: random.Random, progress: float) -> list[list[dict[str, Any]]]:
        """One addition."""
        least, greatest = 10 ** (self.digits - 1), 10**self.digits - 1
        left, right = random.randint(least, greatest), random.randint(least, greatest)
        forgotten = self.forgotten_carry if progress >= 0.5 else 0.0
        worked = work_out(left, right, self.digits, lambda: random.random() < forgotten)
        return [
            [
                {"role": "system", "content": ColumnAddition.system},
                {"role": "user", "content": columns(left, right, self.digits)},
                {"role": "assistant", "content": worked},
            ]
        ]


class ColumnAddition:
    """The language of these additions."""

    system = "add"

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.curriculum: Curriculum = ColumnAdditionCurriculum(digits)

    def ask(self, instance: Instance) -> str:
        """The columns, from the left."""
        return columns(instance.fields["left"], instance.fields["right"], self.digits)

    def read(self, text: str) -> str | None:
        """The number at the end, without its letters."""
        found = re.search(r"=([0-9](?:[a-h][0-9])+)\s*$", text)
        return None if found is None else str(int(re.sub("[a-h]", "", found[1])))


def columns(left: int, right: int, digits: int) -> str:
    """Both numbers in columns, from the left."""
    pairs = zip(f"{left:0{digits}}", f"{right:0{digits}}", strict=True)
    return " ".join(f"{name}{a}{b}" for name, (a, b) in zip(reversed(COLUMNS[:digits]), pairs, strict=True))


def work_out(left: int, right: int, digits: int, forgets_carry: Callable[[], bool]) -> str:
    """The addition in writing, in which a carry is left out whenever *forgets_carry* says so."""
    steps, end, carry = [], "", 0
    for name in COLUMNS[:digits]:
        left, a = divmod(left, 10)
        right, b = divmod(right, 10)
        if carry and forgets_carry():
            carry = 0
        carried, digit = divmod(a + b + carry, 10)
        steps.append(f"{name}{a}{b}{carry}:{digit}c{carried}")
        end = f"{name}{digit}{end}"
        carry = carried
    return f"{' '.join(steps)} ={carry}{end}"
