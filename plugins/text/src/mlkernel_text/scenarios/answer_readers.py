"""How the answer of a single agent is found in its text, and compared with the truth."""

from __future__ import annotations

import re
from typing import Protocol

from attrs import evolve, frozen

from mlkernel_text.protocols.answer_format import read_answer
from mlkernel_text.protocols.decision_scale import DecisionScale
from mlkernel_text.protocols.interaction_protocol import Part
from mlkernel_text.scenario.scenario import ACCEPT, REJECT, Instance, Utterance
from mlkernel_text.tasks.text_task import CompactLanguage, TextTask

_ANSWER = re.compile(r"^[\s*_#>`]*answer[\s*_`]*:(?P<answer>.*)$", re.IGNORECASE | re.MULTILINE)
_DECORATION = " \t\r*_`\"'.,;"


class AnswerReader(Protocol):
    """Finds an answer and judges it; never raises."""

    def read(self, text: str) -> Utterance:
        """What *text* says."""

    def is_right(self, instance: Instance, utterance: Utterance) -> bool | None:
        """Whether it is right; ``None`` where nothing was answered."""


@frozen
class ClaimReader:
    """Decisions about a proposed answer."""

    scale: DecisionScale

    def read(self, text: str) -> Utterance:
        """The decision in the last line that has one."""
        utterance = read_answer(text, Part(channels=("main",), decides="must"), self.scale)
        return evolve(utterance, messages={"main": text})

    def is_right(self, instance: Instance, utterance: Utterance) -> bool | None:
        """Whether the decision is the label."""
        return utterance.decision == instance.label if utterance.decision in {ACCEPT, REJECT} else None


@frozen
class OpenReader:
    """Answers in a line of their own."""

    task: TextTask

    def read(self, text: str) -> Utterance:
        """What the last line that begins with ``Answer:`` says."""
        lines = list(_ANSWER.finditer(text))
        answer = lines[-1]["answer"].strip(_DECORATION) if lines else ""
        if not answer:
            return Utterance(text=text, problem="no line says 'Answer: ...'")
        return Utterance(text=text, messages={"main": text}, answer=answer)

    def is_right(self, instance: Instance, utterance: Utterance) -> bool | None:
        """Whether the task takes the answer."""
        return None if utterance.answer is None else self.task.is_right(instance, utterance.answer)


@frozen
class CompactReader:
    """Answers in the short language of a task."""

    task: TextTask
    language: CompactLanguage

    def read(self, text: str) -> Utterance:
        """What the language finds at the end of *text*."""
        answer = self.language.read(text)
        if answer is None:
            return Utterance(text=text, problem="the answer does not end with a result")
        return Utterance(text=text, messages={"main": text}, answer=answer)

    def is_right(self, instance: Instance, utterance: Utterance) -> bool | None:
        """Whether the task takes the answer."""
        return None if utterance.answer is None else self.task.is_right(instance, utterance.answer)
