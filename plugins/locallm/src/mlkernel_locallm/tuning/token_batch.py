"""Sequences side by side, and how likely a model finds them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import frozen
from torch import Tensor

from mlkernel_locallm.model.byte_chat import PADDING
from mlkernel_locallm.model.transformer import Transformer


@frozen
class TokenBatch:
    """Sequences padded on the right, with one number for each token."""

    tokens: Tensor
    """``(batch, length)``, int64."""
    weights: Tensor
    """``(batch, length - 1)``, float32: of each token but the first, 0.0 for padding."""

    @classmethod
    def of(
        cls, sequences: Sequence[Sequence[int]], weights: Sequence[Sequence[float]], device: torch.device
    ) -> TokenBatch:
        """Pad *sequences* and *weights*, which have the same lengths."""
        length = max(map(len, sequences))
        tokens = [[*sequence, *[PADDING] * (length - len(sequence))] for sequence in sequences]
        numbers = [[*row, *[0.0] * (length - len(row))] for row in weights]
        return cls(
            torch.tensor(tokens, device=device),
            torch.tensor(numbers, dtype=torch.float32, device=device)[:, 1:],
        )

    @property
    def size(self) -> int:
        """Tokens that are no padding."""
        return int((self.tokens != PADDING).sum())

    def log_likelihood(self, model: Transformer) -> Tensor:
        """Log-probability of each token but the first, ``(batch, length - 1)``; 0.0 where its weight is 0.0."""
        units = model.units(self.tokens[:, :-1]).flatten(0, 1)
        weighted = self.weights.flatten().nonzero()[:, 0]
        logits = model.logits(units.index_select(0, weighted))
        followers = self.tokens[:, 1:].flatten().index_select(0, weighted)
        likelihood = logits.log_softmax(-1).gather(1, followers[:, None])[:, 0]
        return likelihood.new_zeros(units.shape[0]).index_put((weighted,), likelihood).view_as(self.weights)
