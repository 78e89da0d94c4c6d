"""Tuning a model, step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from attrs import frozen
from torch import Tensor, nn

from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.tuning.method import make_objective
from mlkernel_locallm.tuning.objective import Row
from mlkernel_locallm.tuning.reinforcement import Grader
from mlkernel_locallm.tuning.tuning_options import TuningOptions

WARM_UP = 5
"""Steps in which the learning rate rises to its full height."""
LAST_SHARE = 0.1
"""Share of the learning rate that is left at the end."""
GRADIENT_NORM = 1.0
"""Longer gradients are shortened to it."""


@frozen(kw_only=True)
class TuningStep:
    """What one step did."""

    number: int
    """From 1."""
    loss: float
    learning_rate: float
    tokens: int
    """Read in this step."""
    metrics: Mapping[str, float]


class Tuning:
    """One tuning on its way. What comes out depends on the arguments alone, not on the process or on pauses.

    To tune is to iterate::

        for step in Tuning(model, rows, "sft", options):
            print(step.number, step.loss)

    Whoever stops to iterate has cancelled; whoever keeps :meth:`state_dict` can go on later, in another process.

    :param model: to begin with; it is copied, and stays as it is.
    :param rows: the lines of a training file, in the format that the module of the method describes.
    :param method: ``"sft"``, ``"dpo"``, ``"grpo"`` or ``"rft"``.
    :param grader: for ``"rft"``, and for it alone.
    :raises RowError: for a row that cannot be used.
    """

    def __init__(
        self,
        model: Transformer,
        rows: Sequence[Row],
        method: str,
        options: TuningOptions,
        *,
        grader: Grader | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.model = model.copy().to(device)
        """The model as tuned so far."""
        self.options = options
        self._objective = make_objective(method, rows, options, model.to(device), grader)
        self._optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=options.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=0.01,
            fused=True,
        )
        self.steps_per_epoch = math.ceil(self._objective.size / options.batch_size)
        self.total_steps = self.steps_per_epoch * options.epochs
        if options.steps is not None:
            self.total_steps = min(self.total_steps, options.steps)
        self.steps_done = 0
        self.trained_tokens = 0

    def __iter__(self) -> Iterator[TuningStep]:
        """Take the steps that are left."""
        while self.steps_done < self.total_steps:
            yield self.advance()

    def advance(self) -> TuningStep:
        """Take one step."""
        step = self.steps_done
        loss = self._objective.loss(self.model, self._rows_of(step), step)
        self._optimiser.zero_grad()
        loss.value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT_NORM)
        rate = self.options.learning_rate
        if self.options.schedule == "linear":
            rate *= linear_share(step, self.total_steps)
        self._optimiser.param_groups[0]["lr"] = rate
        self._optimiser.step()
        self.steps_done += 1
        self.trained_tokens += loss.tokens
        return TuningStep(
            number=self.steps_done,
            loss=loss.value.item(),
            learning_rate=rate,
            tokens=loss.tokens,
            metrics=loss.metrics,
        )

    def _rows_of(self, step: int) -> list[int]:
        """Indices of the rows of a step: each epoch goes through all of them, in an order of its own."""
        epoch, place = divmod(step, self.steps_per_epoch)
        generator = np.random.Generator(np.random.Philox(key=self.options.seed | epoch << 64))
        begin = place * self.options.batch_size
        rows: list[int] = generator.permutation(self._objective.size)[
            begin : begin + self.options.batch_size
        ].tolist()
        return rows

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that is needed to go on, as tensors on the CPU."""
        state = {f"model.{name}": weight for name, weight in self.model.state_dict().items()}
        for index, moments in self._optimiser.state_dict()["state"].items():
            state.update({f"optimiser.{index}.{name}": value for name, value in moments.items()})
        state["progress"] = torch.tensor([self.steps_done, self.trained_tokens])
        return {name: value.detach().cpu().clone() for name, value in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what :meth:`state_dict` gave to a tuning with the same arguments."""
        self.model.load_state_dict(_part(state, "model."))
        moments: dict[int, dict[str, Any]] = {}
        for name, value in _part(state, "optimiser.").items():
            index, _, key = name.partition(".")
            moments.setdefault(int(index), {})[key] = value
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": moments, "param_groups": groups})
        self.steps_done, self.trained_tokens = state["progress"].tolist()


def linear_share(step: int, steps: int) -> float:
    """Share of the learning rate at *step*, from 0: a short rise, then a straight fall to a tenth."""
    return min(1.0, (step + 1) / WARM_UP) * (1 - (1 - LAST_SHARE) * step / steps)


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
