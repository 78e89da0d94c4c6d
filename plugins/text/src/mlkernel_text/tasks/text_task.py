"""What a task is: problems in text, with ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from mlkernel_text.scenario.curriculum import Curriculum
from mlkernel_text.scenario.scenario import Instance, Split

Form = Literal["claim", "question"]
"""An answer is proposed, which is right or not; or a question is open."""


class CompactLanguage(Protocol):
    """Short prompts and answers, such as a very small model can learn."""

    system: str
    curriculum: Curriculum

    def ask(self, instance: Instance) -> str:
        """The problem, briefly."""

    def read(self, text: str) -> str | None:
        """The final answer in *text*; ``None`` if there is none."""


class TextTask(Protocol):
    """Problems of one sort. Its factory is called as ``factory(config, seed)``."""

    forms: tuple[Form, ...]
    """What it can ask."""
    fields: frozenset[str]
    """Names that every instance has in its ``fields``; ``question`` and, for claims, ``solution`` among them."""
    claim: str
    """What is claimed of every proposed answer, as one sentence."""

    def instances(self, split: Split, form: Form) -> Sequence[Instance]:
        """The problems of a split: disjoint from the other splits, the same for the same seed.

        Claims have a ``label`` of 0 or 1, questions an ``answer``.
        """

    def is_right(self, instance: Instance, answer: str) -> bool:
        """Whether *answer* is right for an open question; never raises."""

    def compact(self, form: Form) -> CompactLanguage | None:
        """A short way to put the problems, if there is one."""
