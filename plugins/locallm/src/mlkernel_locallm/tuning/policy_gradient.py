"""Policy gradient on answers whose advantages are known: GRPO (Shao et al. 2024, eq. 3).

The mean is taken over all tokens of a step, and not first within each answer, so that answers count by their length.

Row: ``{"messages": [prompt...], "completion": "...", "tokens": [...], "logprobs": [...], "advantage": 0.5}``. Tokens
and log-probabilities are those of the sampler; without tokens the completion is encoded anew, and without
log-probabilities those of the model that tuning begins with are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from attrs import frozen
from torch import Tensor

from mlkernel_locallm.model.byte_chat import END, encode_answer, encode_prompt
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.tuning.objective import Loss, Row, messages_of, required
from mlkernel_locallm.tuning.token_batch import TokenBatch
from mlkernel_locallm.tuning.tuning_options import TuningOptions


@frozen
class Attempt:
    """An answer, and how much better than others it was."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    logprobs: tuple[float, ...] | None
    advantage: float


class PolicyGradient:
    """Clipped surrogate by token, and the divergence from the model that tuning began with."""

    def __init__(
        self, rows: Sequence[Attempt], reference: Transformer, options: TuningOptions, device: torch.device
    ) -> None:
        self.size = len(rows)
        self._rows, self._reference, self._options, self._device = rows, reference, options, device

    @staticmethod
    def read(row: Row, options: TuningOptions) -> Attempt:
        """Check and encode a row.

        :raises ValueError: for a row that cannot be used.
        """
        prompt = encode_prompt(messages_of(row))
        advantage = row.get("advantage")
        if not isinstance(advantage, int | float) or not -float("inf") < advantage < float("inf"):
            raise ValueError(f"'advantage' must be a finite number, and is {advantage!r}")
        return Attempt(prompt, *_answer(row), float(advantage))

    def loss(self, model: Transformer, rows: Sequence[int], step: int) -> Loss:
        """See :class:`mlkernel_locallm.tuning.objective.Objective`."""
        return surrogate_loss(
            model, [self._rows[row] for row in rows], self._reference, self._options, self._device
        )


def surrogate_loss(
    model: Transformer,
    attempts: Sequence[Attempt],
    reference: Transformer,
    options: TuningOptions,
    device: torch.device,
) -> Loss:
    """The loss of *attempts*: minus the clipped surrogate, averaged over tokens, plus the weighted divergence."""
    sequences = [attempt.prompt + attempt.answer for attempt in attempts]
    weights = [[0.0] * len(attempt.prompt) + [1.0] * len(attempt.answer) for attempt in attempts]
    batch = TokenBatch.of(sequences, weights, device)
    advantages = torch.tensor([[attempt.advantage] for attempt in attempts], device=device)
    now = batch.log_likelihood(model)
    with torch.no_grad():
        start = batch.log_likelihood(reference)
    ratio = (now - _sampled(attempts, start)).exp()
    clipped = ratio.clamp(1 - options.clip, 1 + options.clip)
    loss = -torch.minimum(ratio * advantages, clipped * advantages)
    excess = start - now
    divergence = excess.exp() - excess - 1  # unbiased and never negative (Schulman 2020, estimator k3)
    tokens = batch.weights.sum().clamp(min=1.0)
    mean_divergence = (divergence * batch.weights).sum() / tokens
    outside = ((ratio - 1).abs() > options.clip).float() * batch.weights
    return Loss(
        value=(loss * batch.weights).sum() / tokens + options.kl_coefficient * mean_divergence,
        tokens=batch.size,
        metrics={"kl": mean_divergence.item(), "clip_fraction": (outside.sum() / tokens).item()},
    )


def _sampled(attempts: Sequence[Attempt], start: Tensor) -> Tensor:
    """Log-probabilities under which the answers were sampled, shaped as *start*, which fills the gaps."""
    sampled = start.clone()
    for row, attempt in enumerate(attempts):
        if attempt.logprobs is not None:
            begin = len(attempt.prompt) - 1
            sampled[row, begin : begin + len(attempt.logprobs)] = sampled.new_tensor(attempt.logprobs)
    return sampled


def _answer(row: Row) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
    """Tokens of the answer, and their log-probabilities if the row has them."""
    tokens = row.get("tokens")
    answer = encode_answer(required(row, "completion", str)) if tokens is None else _token_list(tokens)
    logprobs = row.get("logprobs")
    if logprobs is None:
        return answer, None
    if tokens is None or len(logprobs) != len(tokens):
        raise ValueError("'logprobs' must have one number for each of 'tokens'")
    return answer, tuple(float(number) for number in logprobs)


def _token_list(tokens: Any) -> tuple[int, ...]:
    if not isinstance(tokens, list) or not tokens:
        raise ValueError("'tokens' must be a list of one or more tokens")
    if not all(isinstance(token, int) and 0 <= token <= END for token in tokens):
        raise ValueError(f"'tokens' must be whole numbers from 0 to {END}")
    return tuple(tokens)
