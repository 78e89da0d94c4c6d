"""Supervised tuning: make demonstrated answers likely.

Row: ``{"messages": [...], "weight": 1.0}``. Every answer of the chat is learned unless its message has ``weight`` 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mlkernel_locallm.model.byte_chat import EncodedChat, encode_chat
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.tuning.objective import Loss, Row, messages_of
from mlkernel_locallm.tuning.token_batch import TokenBatch
from mlkernel_locallm.tuning.tuning_options import TuningOptions


class Supervised:
    """Mean negative log-likelihood of the learned tokens, weighted by row."""

    def __init__(self, rows: Sequence[tuple[EncodedChat, float]], device: torch.device) -> None:
        self.size = len(rows)
        self._rows, self._device = rows, device

    @staticmethod
    def read(row: Row, options: TuningOptions) -> tuple[EncodedChat, float]:
        """Check and encode a row.

        :raises ValueError: for a row that cannot be used.
        """
        chat = encode_chat(messages_of(row))
        if not any(chat.learned):
            raise ValueError(
                "'messages' has no answer to learn: none by the assistant whose 'weight' is not 0"
            )
        weight = row.get("weight", 1.0)
        if not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
            raise ValueError(f"'weight' must be a finite number from 0, and is {weight!r}")
        return chat, float(weight)

    def loss(self, model: Transformer, rows: Sequence[int], step: int) -> Loss:
        """See :class:`mlkernel_locallm.tuning.objective.Objective`."""
        chosen = [self._rows[row] for row in rows]
        weights = [[weight * learned for learned in chat.learned] for chat, weight in chosen]
        batch = TokenBatch.of([chat.tokens for chat, _ in chosen], weights, self._device)
        loss = -(batch.log_likelihood(model) * batch.weights).sum() / batch.weights.sum().clamp(min=1e-6)
        return Loss(value=loss, tokens=batch.size)
