"""The recipe by which base models are made, the shipped one included.

From nothing to a model that plays its scenario in about a thousand steps: hidden matrices by Muon (Jordan et al. 2024),
everything else by AdamW, on examples of the scenario's curriculum as they are drawn. What is not to be answered is
learned a little, too: a model that can continue a question has learned to look things up in it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from attrs import Factory, asdict, frozen
from torch import Tensor, nn

from mlkernel_locallm.model.byte_chat import EncodedChat, encode_chat
from mlkernel_locallm.model.model_config import ModelConfig
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.tuning.token_batch import TokenBatch
from mlkernel_text.scenario.curriculum import Curriculum

StepListener = Callable[[int, int, float], None]
"""Told of each step: its number from 1, how many there are, and the loss."""


@frozen(kw_only=True)
class Recipe:
    """Everything that decides a base model besides its curriculum. The defaults are those of the shipped weights."""

    model: ModelConfig = Factory(ModelConfig)
    steps: int = 1200
    batch_size: int = 64
    """Example chats of one step."""
    muon_rate: float = 0.02
    adamw_rate: float = 2e-3
    prompt_weight: float = 0.05
    """Weight of tokens that are no answers."""
    warm_up: int = 50
    """Steps in which learning rates rise."""
    cool_down: float = 0.4
    """Share of the steps, at the end, in which they fall to zero."""
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The recipe in JSON types."""
        return asdict(self)

    def pretrain(self, curriculum: Curriculum, on_step: StepListener | None = None) -> Transformer:
        """Make a model. The same bytes come out for the same arguments, processor and number of threads."""
        model = Transformer(self.model, torch.Generator().manual_seed(self.seed))
        examples = ExampleStream(curriculum, random.Random(self.seed))  # noqa: S311 - examples, no secrets
        optimisers = self._optimisers(model)
        rates = [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
        for step in range(self.steps):
            loss = self._loss(model, examples.take(self.batch_size, step / self.steps))
            model.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimiser, rate in zip(optimisers, rates, strict=True):
                optimiser.param_groups[0]["lr"] = rate * self._rate_share(step)
                optimiser.step()
            if on_step is not None:
                on_step(step + 1, self.steps, loss.item())
        return model

    def _optimisers(self, model: Transformer) -> list[torch.optim.Optimizer]:
        named = dict(model.named_parameters())
        hidden = [
            weight
            for name, weight in named.items()
            if weight.ndim == 2 and not name.endswith(("embedding", "shift"))
        ]
        others = [
            weight
            for name, weight in named.items()
            if weight.ndim == 1 or name.endswith(("embedding", "shift"))
        ]
        return [
            torch.optim.Muon(
                hidden, lr=self.muon_rate, momentum=0.95, weight_decay=0.01, adjust_lr_fn="original"
            ),
            torch.optim.AdamW(others, lr=self.adamw_rate, betas=(0.9, 0.98), weight_decay=0.0),
        ]

    def _loss(self, model: Transformer, chats: list[EncodedChat]) -> Tensor:
        weights = [[1.0 if learned else self.prompt_weight for learned in chat.learned] for chat in chats]
        batch = TokenBatch.of([chat.tokens for chat in chats], weights, model.embedding.device)
        return -(batch.log_likelihood(model) * batch.weights).sum() / batch.weights.sum()

    def _rate_share(self, step: int) -> float:
        rising = (step + 1) / self.warm_up
        falling = (self.steps - step) / (self.cool_down * self.steps)
        return min(1.0, rising) * min(1.0, falling)


class ExampleStream:
    """Examples of a curriculum, in portions."""

    def __init__(self, curriculum: Curriculum, random: random.Random) -> None:
        self._curriculum, self._random = curriculum, random
        self._left: list[EncodedChat] = []

    def take(self, count: int, progress: float) -> list[EncodedChat]:
        """The next *count* chats, drawn as they are needed."""
        while len(self._left) < count:
            self._left += [encode_chat(chat) for chat in self._curriculum.examples(self._random, progress)]
        taken, self._left = self._left[:count], self._left[count:]
        return taken
