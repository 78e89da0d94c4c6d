"""Direct preference optimisation (Rafailov et al. 2023, eq. 7), with a term that keeps the preferred answer likely.

Row: ``{"input": {"messages": [...]}, "preferred_output": [message], "non_preferred_output": [message]}``.

The loss alone widens the gap between the two answers, and may do so by making both unlikely; the negative
log-likelihood of the preferred one, as in Pang et al. 2024 (eq. 1), forbids it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import frozen
from torch import Tensor
from torch.nn import functional

from mlkernel_locallm.model.byte_chat import content_text, encode_answer, encode_prompt
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.tuning.objective import Loss, Row, messages_of, required
from mlkernel_locallm.tuning.token_batch import TokenBatch
from mlkernel_locallm.tuning.tuning_options import TuningOptions


@frozen
class Pair:
    """A prompt and two answers to it, as tokens."""

    prompt: tuple[int, ...]
    preferred: tuple[int, ...]
    rejected: tuple[int, ...]


class Preference:
    """DPO loss against the model that tuning began with."""

    def __init__(
        self, rows: Sequence[Pair], reference: Transformer, options: TuningOptions, device: torch.device
    ) -> None:
        self.size = len(rows)
        self._rows, self._reference, self._options, self._device = rows, reference, options, device

    @staticmethod
    def read(row: Row, options: TuningOptions) -> Pair:
        """Check and encode a row.

        :raises ValueError: for a row that cannot be used.
        """
        asked = required(row, "input", dict)
        preferred, rejected = (_answer(row, key) for key in ("preferred_output", "non_preferred_output"))
        return Pair(encode_prompt(messages_of(asked)), preferred, rejected)

    def loss(self, model: Transformer, rows: Sequence[int], step: int) -> Loss:
        """See :class:`mlkernel_locallm.tuning.objective.Objective`."""
        pairs = [self._rows[row] for row in rows]
        batch = self._batch(pairs)
        with torch.no_grad():
            before = (batch.log_likelihood(self._reference) * batch.weights).sum(1)
        by_token = batch.log_likelihood(model) * batch.weights
        margin = _preferred_minus_rejected(by_token.sum(1) - before)
        loss = -functional.logsigmoid(self._options.beta * margin).mean()
        preferred = len(pairs)
        nll = -by_token[:preferred].sum() / batch.weights[:preferred].sum()
        return Loss(
            value=loss + self._options.nll_coefficient * nll,
            tokens=batch.size,
            metrics={"preference_accuracy": (margin > 0).float().mean().item()},
        )

    def _batch(self, pairs: Sequence[Pair]) -> TokenBatch:
        """The preferred answers, then the others."""
        both = [(pair.prompt, pair.preferred) for pair in pairs] + [
            (pair.prompt, pair.rejected) for pair in pairs
        ]
        sequences = [prompt + answer for prompt, answer in both]
        weights = [[0.0] * len(prompt) + [1.0] * len(answer) for prompt, answer in both]
        return TokenBatch.of(sequences, weights, self._device)


def _preferred_minus_rejected(values: Tensor) -> Tensor:
    preferred, rejected = values.chunk(2)
    return preferred - rejected


def _answer(row: Row, key: str) -> tuple[int, ...]:
    messages = messages_of(row, key)
    if len(messages) != 1 or messages[0].get("role") != "assistant":
        raise ValueError(f"{key!r} must be one message of the assistant")
    return encode_answer(content_text(messages[0].get("content")))
