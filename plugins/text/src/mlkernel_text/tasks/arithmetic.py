"""Sums of whole numbers: open questions, or results that are right or nearly right."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Sequence
from functools import cache

from mlkernel_text.scenario.generated_instances import GeneratedInstances
from mlkernel_text.scenario.scenario import Instance, Split
from mlkernel_text.tasks.arithmetic_config import ArithmeticConfig
from mlkernel_text.tasks.column_addition import ColumnAddition
from mlkernel_text.tasks.text_task import CompactLanguage, Form

_RESULTS: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class Arithmetic:
    """Two numbers and an operation, as task ``arithmetic``."""

    forms: tuple[Form, ...] = ("claim", "question")
    fields = frozenset({"question", "solution", "left", "right", "operation"})
    claim = "The proposed result is right."

    def __init__(self, config: ArithmeticConfig, seed: int) -> None:
        self._config = config
        self._seed = seed
        self._generated = cache(self._generate)

    def instances(self, split: Split, form: Form) -> Sequence[Instance]:
        """The problems, which are made when they are first asked for."""
        return self._generated(split, form)

    def is_right(self, instance: Instance, answer: str) -> bool:
        """Whether *answer* is the number, however many zeros or blanks it has."""
        try:
            return int(answer.replace(" ", "").replace(",", "")) == int(instance.answer or "")
        except ValueError:
            return False

    def compact(self, form: Form) -> CompactLanguage | None:
        """Addition in columns, if nothing but additions are asked."""
        if form == "question" and set(self._config.operations) == {"+"}:
            return ColumnAddition(self._config.digits)
        return None

    def _generate(self, split: Split, form: Form) -> Sequence[Instance]:
        return GeneratedInstances(
            self._claim if form == "claim" else self._question,
            _key,
            split=split,
            size=self._config.size_of(split),
            purpose=("arithmetic", form, self._config.digits, "".join(self._config.operations), self._seed),
        )

    def _question(self, id: str, random: random.Random) -> Instance:  # noqa: A002 - what it is
        least, greatest = 10 ** (self._config.digits - 1), 10**self._config.digits - 1
        left, right = random.randint(least, greatest), random.randint(least, greatest)
        operation = random.choice(self._config.operations)
        answer = str(_RESULTS[operation](left, right))
        fields = {
            "question": f"What is {left} {operation} {right}?",
            "solution": answer,
            "left": left,
            "right": right,
            "operation": operation,
        }
        return Instance(id=id, fields=fields, label=1, answer=answer)

    def _claim(self, id: str, random: random.Random) -> Instance:  # noqa: A002 - what it is
        question = self._question(id, random)
        label = random.randrange(2)
        shown = int(question.answer or "")
        if not label:
            shown += random.choice([-1, 1]) * 10 ** random.randrange(len(str(abs(shown))))
        fields = {**question.fields, "solution": str(shown)}
        return Instance(id=id, fields=fields, label=label, answer=question.answer)


def _key(instance: Instance) -> str:
    """The question without the result, so that right and wrong results of one sum stay in one split."""
    return str(instance.fields["question"])
