"""The words by which a verifier says how far it accepts a claim."""

from __future__ import annotations

from typing import Literal, get_args

from attrs import frozen

from mlkernel_text.scenario.scenario import ACCEPT, NEITHER, REJECT

ScaleName = Literal[
    "accept_reject",
    "likert_4",
    "likert_5",
    "likert_6",
    "likert_7",
    "likert_int_11",
    "out_of_10",
    "out_of_100",
]
SCALE_NAMES: tuple[ScaleName, ...] = get_args(ScaleName)

_STRENGTHS = {
    "likert_4": ("strongly ", ""),
    "likert_5": ("strongly ", ""),
    "likert_6": ("strongly ", "", "slightly "),
    "likert_7": ("strongly ", "", "slightly "),
}


@frozen
class DecisionScale:
    """Grades from full rejection to full acceptance, evenly spaced."""

    name: ScaleName
    grades: tuple[str, ...]
    """In words, from confidence 0 to confidence 1."""
    numeric: bool = False

    @property
    def description(self) -> str:
        """The grades, as they are told to the verifier."""
        if not self.numeric:
            return " | ".join(self.grades)
        least, greatest = self.grades[0], self.grades[-1]
        return f"a whole number from {least} (certainly reject) to {greatest} (certainly accept)"

    def confidence(self, word: str) -> float | None:
        """The degree of acceptance in [0, 1] that *word* stands for; ``None`` if it is none of the grades."""
        word = " ".join(word.casefold().split())
        if self.numeric:
            word = word.removeprefix("+").partition("/")[0].strip()
        if word not in self.grades:
            return None
        return self.grades.index(word) / (len(self.grades) - 1)

    def word(self, label: int) -> str:
        """The grade of full acceptance (*label* 1) or full rejection (0)."""
        return self.grades[-1 if label else 0]


def decision_of(confidence: float) -> int:
    """The decision that a degree of acceptance comes down to; exactly between the two, it is neither."""
    if confidence == 0.5:
        return NEITHER
    return ACCEPT if confidence > 0.5 else REJECT


def decision_scale(name: ScaleName) -> DecisionScale:
    """The scale *name*."""
    match name:
        case "accept_reject":
            return DecisionScale(name, ("reject", "accept"))
        case "likert_int_11":
            return DecisionScale(name, tuple(map(str, range(-5, 6))), numeric=True)
        case "out_of_10":
            return DecisionScale(name, tuple(map(str, range(11))), numeric=True)
        case "out_of_100":
            return DecisionScale(name, tuple(map(str, range(101))), numeric=True)
    strengths = _STRENGTHS[name]
    middle = ("neither",) if name in {"likert_5", "likert_7"} else ()
    rejecting = tuple(f"{strength}reject" for strength in strengths)
    accepting = tuple(f"{strength}accept" for strength in reversed(strengths))
    return DecisionScale(name, (*rejecting, *middle, *accepting))
