"""Training an adapter on demonstrations or on preference pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn import functional

from mlkernel_locallm.huggingface.adapted_network import AdaptedNetwork
from mlkernel_locallm.huggingface.chat_codec import ChatCodec
from mlkernel_locallm.model.byte_chat import content_text
from mlkernel_locallm.tuning.objective import Row, RowError
from mlkernel_locallm.tuning.preference import Preference
from mlkernel_locallm.tuning.supervised import Supervised
from mlkernel_locallm.tuning.tuning import GRADIENT_NORM, TuningStep, linear_share
from mlkernel_locallm.tuning.tuning_options import TuningOptions

LEARNING_RATE = 2e-4
"""Where a job names none."""


@frozen
class Example:
    """Prompt and answer as tokens."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


@frozen
class Lesson:
    """What one row teaches: demonstrated answers with a weight, or a preferred answer and another."""

    examples: tuple[Example, ...]
    weight: float = 1.0


class LoraTuning:
    """One tuning of the active adapter on its way; see :class:`mlkernel_locallm.tuning.tuning.Tuning`."""

    def __init__(
        self, network: AdaptedNetwork, lessons: Sequence[Lesson], method: str, options: TuningOptions
    ) -> None:
        self._network, self._lessons, self._method, self._options = network, lessons, method, options
        self._optimiser = torch.optim.AdamW(
            list(network.adapter.values()), lr=options.learning_rate, weight_decay=0.0
        )
        self.steps_per_epoch = math.ceil(len(lessons) / options.batch_size)
        self.total_steps = self.steps_per_epoch * options.epochs
        self.trained_tokens = 0
        self._before = self._reference() if method == "dpo" else {}
        network.begin_changes()

    def __iter__(self) -> Iterator[TuningStep]:
        """Take all steps."""
        for step in range(self.total_steps):
            yield self._advance(step)

    def _advance(self, step: int) -> TuningStep:
        rows = self._rows_of(step)
        loss = self._preference_loss(rows) if self._method == "dpo" else self._supervised_loss(rows)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(list(self._network.adapter.values()), GRADIENT_NORM)
        rate = self._options.learning_rate * linear_share(step, self.total_steps)
        self._optimiser.param_groups[0]["lr"] = rate
        self._optimiser.step()
        tokens = sum(
            len(example.prompt + example.answer) for row in rows for example in self._lessons[row].examples
        )
        self.trained_tokens += tokens
        return TuningStep(number=step + 1, loss=loss.item(), learning_rate=rate, tokens=tokens, metrics={})

    def _rows_of(self, step: int) -> list[int]:
        epoch, place = divmod(step, self.steps_per_epoch)
        generator = np.random.Generator(np.random.Philox(key=self._options.seed | epoch << 64))
        begin, size = place * self._options.batch_size, self._options.batch_size
        rows: list[int] = generator.permutation(len(self._lessons))[begin : begin + size].tolist()
        return rows

    def _supervised_loss(self, rows: Sequence[int]) -> Tensor:
        examples = [
            (example, self._lessons[row].weight) for row in rows for example in self._lessons[row].examples
        ]
        likelihood, lengths = self._likelihood([example for example, _ in examples])
        weights = torch.tensor([weight for _, weight in examples], device=likelihood.device)
        return -(likelihood * weights).sum() / (lengths * weights).sum().clamp(min=1e-6)

    def _preference_loss(self, rows: Sequence[int]) -> Tensor:
        pairs = [self._lessons[row].examples for row in rows]
        preferred, lengths = self._likelihood([pair[0] for pair in pairs])
        rejected, _ = self._likelihood([pair[1] for pair in pairs])
        before = torch.tensor([self._before[row] for row in rows], device=preferred.device)
        margin = preferred - rejected - before
        nll = -preferred.sum() / lengths.sum()
        loss = -functional.logsigmoid(self._options.beta * margin).mean()
        return loss + self._options.nll_coefficient * nll

    @torch.no_grad()
    def _reference(self) -> dict[int, float]:
        """How much likelier the preferred answer of each row is before the tuning, in nats."""
        margins = {}
        for row, lesson in enumerate(self._lessons):
            likelihood, _ = self._likelihood(lesson.examples)
            margins[row] = float(likelihood[0] - likelihood[1])
        return margins

    def _likelihood(self, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Log-probability of each answer, and its number of tokens, both ``(examples,)``."""
        length = max(len(example.prompt + example.answer) for example in examples)
        device = self._network.network.device
        tokens = torch.full((len(examples), length), self._network.codec.padding, device=device)
        answers = torch.zeros(len(examples), length, device=device)
        for row, example in enumerate(examples):
            end = len(example.prompt + example.answer)
            tokens[row, :end] = torch.tensor(example.prompt + example.answer, device=device)
            answers[row, len(example.prompt) : end] = 1.0
        # Padding stands on the right, where a causal model does not see it.
        logits = self._network.network(input_ids=tokens[:, :-1]).logits
        chosen = logits.log_softmax(-1).gather(2, tokens[:, 1:, None])[..., 0]
        return (chosen * answers[:, 1:]).sum(1), answers[:, 1:].sum(1)


def read_lessons(rows: Sequence[Row], method: str, codec: ChatCodec, options: TuningOptions) -> list[Lesson]:
    """Check and encode the rows of a job.

    :raises RowError: for a row that cannot be used.
    """
    read = _preference if method == "dpo" else _demonstration
    lessons = []
    for number, row in enumerate(rows, 1):
        try:
            lessons.append(read(row, codec, options))
        except ValueError as error:
            raise RowError(number, str(error)) from error
    return lessons


def _demonstration(row: Row, codec: ChatCodec, options: TuningOptions) -> Lesson:
    _, weight = Supervised.read(row, options)
    messages = row["messages"]
    learned = [
        place
        for place, message in enumerate(messages)
        if message["role"] == "assistant" and message.get("weight", 1) != 0
    ]
    examples = tuple(_example(messages[:place], messages[place], codec) for place in learned)
    return Lesson(examples, weight)


def _preference(row: Row, codec: ChatCodec, options: TuningOptions) -> Lesson:
    Preference.read(row, options)
    chat = row["input"]["messages"]
    answers = (row["preferred_output"][0], row["non_preferred_output"][0])
    return Lesson(tuple(_example(chat, answer, codec) for answer in answers))


def _example(chat: Sequence[Any], answer: Row, codec: ChatCodec) -> Example:
    return Example(codec.prompt(chat), codec.answer(content_text(answer.get("content"))))
