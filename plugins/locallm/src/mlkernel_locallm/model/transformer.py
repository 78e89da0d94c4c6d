"""The network: a small decoder-only transformer that looks at neighbouring tokens before it attends.

In the manner of LLaMA (Touvron et al. 2023): pre-normalisation by root mean square, rotary positions, gated SiLU
layers, no biases, output tied to the embedding. Before attention each unit is mixed with its values at the last
positions, by a causal depthwise convolution (token shift, Peng et al. 2023, section 3.1.1). A network of two layers
learns with it in two hundred steps to look up what follows an earlier mention of a token; without it, not at all.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlkernel_locallm.model.model_config import VOCABULARY, ModelConfig

EPSILON = 1e-5
"""Of the normalisations."""


class Transformer(nn.Module):
    """Maps tokens to logits of the token that follows each.

    :param generator: of the first weights; ``None`` leaves them empty, to be loaded.
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Parameter(torch.empty(VOCABULARY, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.Parameter(torch.ones(config.width))
        if generator is not None:
            self._initialise(generator)

    def _initialise(self, generator: torch.Generator) -> None:
        residual = 0.02 / math.sqrt(2 * self.config.layers)
        deviations = {
            "embedding": 0.05,
            "query_key_value": 0.02,
            "gate_up": 0.02,
            "output": residual,
            "down": residual,
        }
        with torch.no_grad():
            for name, weight in self.named_parameters():
                deviation = deviations.get(name.rpartition(".")[2])
                if deviation is not None:
                    weight.normal_(0.0, deviation, generator=generator)

    def forward(self, tokens: Tensor) -> Tensor:
        """Compute logits.

        :param tokens: shape ``(batch, length)``, int64; padding stands to the right.
        :returns: shape ``(batch, length, VOCABULARY)``.
        """
        return self.logits(self.units(tokens))

    def logits(self, units: Tensor) -> Tensor:
        """Logits, ``(..., VOCABULARY)``, from what :meth:`units` returned, ``(..., width)``."""
        return units @ self.embedding.T

    def units(self, tokens: Tensor) -> Tensor:
        """The normalised stream after the last layer, ``(batch, length, width)``."""
        cosine, sine = rotary_tables(self.config, tokens.shape[1], self.embedding)
        stream = functional.embedding(tokens, self.embedding)
        for block in self.blocks:
            stream = block(stream, cosine, sine)
        return normalise(stream, self.norm)

    def copy(self) -> Transformer:
        """An independent network with the same weights."""
        copy = Transformer(self.config).to(self.embedding.device)
        copy.load_state_dict(self.state_dict())
        return copy


class Block(nn.Module):
    """Token shift, attention and gated layer, each added to the stream."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        width, hidden = config.width, config.hidden
        self.attention_norm = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(config.shift, width))
        self.query_key_value = nn.Parameter(torch.empty(3 * width, width))
        self.output = nn.Parameter(torch.empty(width, width))
        self.gate_norm = nn.Parameter(torch.ones(width))
        self.gate_up = nn.Parameter(torch.empty(2 * hidden, width))
        self.down = nn.Parameter(torch.empty(width, hidden))

    def forward(self, stream: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Shapes: ``(batch, length, width)`` to the same; the tables are those of :func:`rotary_tables`."""
        stream = stream + self._attend(normalise(stream, self.attention_norm), cosine, sine)
        gate, up = functional.linear(normalise(stream, self.gate_norm), self.gate_up).chunk(2, -1)
        return stream + functional.linear(functional.silu(gate) * up, self.down)

    def _attend(self, units: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        batch, length, width = units.shape
        projected = functional.linear(self._mix(units), self.query_key_value)
        heads = projected.view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key = torch.addcmul(heads[:2] * cosine, rotate_half(heads[:2]), sine)
        value = heads[2]
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return functional.linear(mixed.transpose(1, 2).reshape(batch, length, width), self.output)

    def _mix(self, units: Tensor) -> Tensor:
        length, reach = units.shape[1], self.shift.shape[0]
        earlier = functional.pad(units, (0, 0, reach, 0))
        for distance in range(1, reach + 1):
            start = reach - distance
            units = torch.addcmul(units, earlier[:, start : start + length], self.shift[distance - 1])
        return units


def normalise(stream: Tensor, weight: Tensor) -> Tensor:
    """Divide by the root mean square of the last dimension (Zhang and Sennrich 2019, eq. 4)."""
    return functional.rms_norm(stream, weight.shape, weight, EPSILON)


def rotary_tables(config: ModelConfig, length: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of positions 0 to *length* - 1, each of shape ``(length, head_width)``, placed as *like*."""
    pairs = torch.arange(0, config.head_width, 2, dtype=torch.float64, device=like.device)
    frequencies = config.rotary_base ** (-pairs / config.head_width)
    angles = torch.outer(torch.arange(length, dtype=torch.float64, device=like.device), frequencies)
    angles = torch.cat([angles, angles], -1)
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def rotate_half(units: Tensor) -> Tensor:
    """Turn each pair of units by a right angle; unit *i* is paired with unit *i* + half the head."""
    first, second = units.chunk(2, -1)
    return torch.cat([-second, first], -1)
