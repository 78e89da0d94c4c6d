"""Reinforcement tuning with a grader: sample answers, have them graded, and prefer the better ones.

Row: ``{"messages": [prompt...], ...}``; further fields are for the grader. Advantages are standardised among the
answers to one prompt (Shao et al. 2024, section 4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from attrs import frozen

from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.generation.sampler import Sampler
from mlkernel_locallm.model.byte_chat import encode_prompt
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.tuning.objective import Loss, Row, messages_of
from mlkernel_locallm.tuning.policy_gradient import Attempt, surrogate_loss
from mlkernel_locallm.tuning.tuning_options import TuningOptions

Grader = Callable[[Sequence[tuple[Row, str]]], Sequence[float]]
"""Rows with an answer to each → grades, the higher the better."""


@frozen
class Task:
    """A row and its prompt."""

    row: Row
    prompt: tuple[int, ...]


class Reinforcement:
    """Policy gradient on answers that the model gives at each step."""

    def __init__(
        self,
        rows: Sequence[Task],
        reference: Transformer,
        options: TuningOptions,
        device: torch.device,
        grader: Grader,
    ) -> None:
        self.size = len(rows)
        self._rows, self._reference, self._options, self._device = rows, reference, options, device
        self._grader = grader

    @staticmethod
    def read(row: Row, options: TuningOptions) -> Task:
        """Check and encode a row.

        :raises ValueError: for a row that cannot be used.
        """
        messages = messages_of(row)
        if messages[-1].get("role") != "user":
            raise ValueError("the last of 'messages' must be by the user, for the model answers it")
        return Task(row, encode_prompt(messages))

    def loss(self, model: Transformer, rows: Sequence[int], step: int) -> Loss:
        """See :class:`mlkernel_locallm.tuning.objective.Objective`."""
        tasks = [self._rows[row] for row in rows]
        answers = self._answers(model, tasks, step)
        asked = [task for task in tasks for _ in range(self._options.answers)]
        graded = self._grader([(task.row, answer.text) for task, answer in zip(asked, answers, strict=True)])
        grades = np.asarray(graded, np.float64).reshape(len(tasks), self._options.answers)
        spread = grades.std(1, keepdims=True)
        # A constant beside the spread: answers that are nearly equal should not pull as hard as good and bad ones.
        advantages = ((grades - grades.mean(1, keepdims=True)) / (spread + 0.1)).ravel()
        attempts = [
            Attempt(task.prompt, answer.tokens, answer.logprobs, float(advantage))
            for task, answer, advantage in zip(asked, answers, advantages, strict=True)
        ]
        loss = surrogate_loss(model, attempts, self._reference, self._options, self._device)
        return Loss(
            value=loss.value,
            tokens=loss.tokens,
            metrics={**loss.metrics, "mean_reward": float(grades.mean())},
        )

    def _answers(self, model: Transformer, tasks: Sequence[Task], step: int) -> list[Generation]:
        prompts = [
            Prompt(
                tokens=task.prompt,
                seed=self._options.seed,
                # One stream for each place in the whole tuning.
                stream=(step * self._options.batch_size + place) * self._options.answers + answer,
                temperature=self._options.temperature,
                max_tokens=self._options.max_tokens,
                logprobs=True,
            )
            for place, task in enumerate(tasks)
            for answer in range(self._options.answers)
        ]
        return Sampler(model, self._device).generate(prompts)
