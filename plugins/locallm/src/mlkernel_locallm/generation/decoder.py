"""The network once more, rearranged to write many texts at once, one token after the other.

It computes in float64. How a matrix product is summed depends on its shape, and so on the batch; in float32 the
probabilities of a text would change in their seventh digit with the company it is in, and now and then a token with
them. In float64 the change is in the sixteenth digit, and a random number would have to fall within it.

What layers do to weights alone is done once: the weights of normalisations and the scale of attention are folded into
the projections. Texts of different lengths are aligned at their ends, so that the next position is the same for all;
rotary positions see differences only, and a text need not begin at zero.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from mlkernel_locallm.model.byte_chat import END
from mlkernel_locallm.model.transformer import EPSILON, Block, Transformer, rotary_tables, rotate_half

DTYPE = torch.float64
ANSWERABLE = (*range(256), END)
"""The tokens that an answer consists of; a choice is an index into them."""


class Cache:
    """What the layers remember of the texts so far: keys, values, and the last units before the token shift."""

    def __init__(self, padding: Tensor | None, length: int) -> None:
        self.padding = padding
        """``(batch, 1, 1, slots)``: minus infinity where a text has not begun, else 0; ``None`` if all begin at 0."""
        self.length = length
        """Slots in use."""
        self.keys: list[Tensor] = []
        """For each layer ``(batch, heads, slots, head_width)``."""
        self.values: list[Tensor] = []
        self.recent: list[Tensor] = []
        """For each layer ``(batch, shift + 1, width)``; position *p* is kept in row ``p % (shift + 1)``."""

    def select(self, rows: Tensor) -> None:
        """Keep only *rows*, in their order; a row may be named several times."""
        self.keys = [keys[rows] for keys in self.keys]
        self.values = [values[rows] for values in self.values]
        self.recent = [recent[rows] for recent in self.recent]
        if self.padding is not None:
            self.padding = self.padding[rows]


class Decoder:
    """Computes logits of next tokens. It holds its own weights: training the network afterwards does not change it."""

    def __init__(self, model: Transformer, device: torch.device) -> None:
        self.config, self.device = model.config, device
        weights = {name: weight.to(device, DTYPE) for name, weight in model.state_dict().items()}
        self._embedding = weights["embedding"]
        self._head = (self._embedding[list(ANSWERABLE)] * weights["norm"]).T.contiguous()
        self._layers = [DecoderLayer(block, device) for block in model.blocks if isinstance(block, Block)]
        # A short text beside a long prompt begins late, and may be written as far beyond it as the context reaches.
        self._cosine, sine = rotary_tables(self.config, 2 * self.config.context, self._embedding)
        self._sine = rotate_half(sine)
        """With the sign that turning by a right angle gives to the first half of each head."""

    def read(self, tokens: Tensor, first: Tensor, slots: int) -> tuple[Tensor, Cache]:
        """Read prompts.

        :param tokens: shape ``(batch, length)``, int64, aligned at their ends.
        :param first: shape ``(batch,)``, where each begins.
        :param slots: positions that the cache has room for.
        :returns: logits of :data:`ANSWERABLE` after each prompt, ``(batch, 257)``, and the cache.
        """
        length = tokens.shape[1]
        begun = torch.arange(slots, device=self.device) >= first[:, None]
        cache = Cache(None, length)
        keep = mask = None
        if bool((first > 0).any()):
            cache.padding = _forbidden(~begun)[:, None, None]
            keep = begun[:, :length, None].to(DTYPE)
            mask = _prompt_mask(begun[:, :length])
        stream = functional.embedding(tokens, self._embedding)
        rotary = self._cosine[:length], self._sine[:length]
        for layer in self._layers:
            # Of the last layer only what follows the prompt is asked, and keys and values of the rest.
            asked = slice(-1, None) if layer is self._layers[-1] else slice(None)
            stream = layer.read(stream, asked, rotary, keep, mask, cache, slots)
        return self._logits(stream[:, -1]), cache

    def step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Append one token to each text.

        :param tokens: shape ``(batch,)``, int64.
        :returns: logits of :data:`ANSWERABLE` after it, ``(batch, 257)``.
        """
        position = cache.length
        cache.length += 1
        mask = None if cache.padding is None else cache.padding[..., : cache.length]
        stream = functional.embedding(tokens, self._embedding)
        rotary = self._cosine[position], self._sine[position]
        for index, layer in enumerate(self._layers):
            stream = layer.step(stream, rotary, mask, cache, index)
        return self._logits(stream)

    def _logits(self, stream: Tensor) -> Tensor:
        return torch.mm(_normalised(stream), self._head)


class DecoderLayer:
    """One block of the network, its weights transposed and folded."""

    def __init__(self, block: Block, device: torch.device) -> None:
        weights = {name: weight.to(device, DTYPE) for name, weight in block.state_dict().items()}
        self.heads = block.heads
        width = weights["output"].shape[0]
        projection = weights["query_key_value"] * weights["attention_norm"]
        projection[:width] /= math.sqrt(width // self.heads)
        self._projection = projection.T.contiguous()
        self._output = weights["output"].T.contiguous()
        self._gate, self._up = (
            half.T.contiguous() for half in (weights["gate_up"] * weights["gate_norm"]).chunk(2)
        )
        self._down = weights["down"].T.contiguous()
        self._reach = weights["shift"].shape[0]
        now = torch.ones_like(weights["shift"][:1])
        self._shift = torch.cat([now, weights["shift"]])
        """Row *i* weighs what lies *i* positions back."""
        self._rings = [self._ring(slot) for slot in range(self._reach + 1)]
        """The same, in the order of the cache's rows when the present stands in row *i*."""

    def _ring(self, slot: int) -> Tensor:
        size = self._reach + 1
        return self._shift[[(slot - row) % size for row in range(size)]]

    def read(
        self,
        stream: Tensor,
        asked: slice,
        rotary: tuple[Tensor, Tensor],
        keep: Tensor | None,
        mask: Tensor | None,
        cache: Cache,
        slots: int,
    ) -> Tensor:
        """Pass whole prompts, shape ``(batch, length, width)``, and begin the layer's part of the cache.

        :returns: the stream at the positions that are *asked* for.
        """
        batch, length, width = stream.shape
        units = _normalised(stream)
        if keep is not None:
            units = units * keep
        earlier = functional.pad(units, (0, 0, self._reach, 0))
        cache.recent.append(_ring_buffer(earlier, self._reach + 1))
        for distance in range(1, self._reach + 1):
            start = self._reach - distance
            units = torch.addcmul(units, earlier[:, start : start + length], self._shift[distance])
        key, value = (
            (units @ self._projection[:, width:])
            .view(batch, length, 2, self.heads, -1)
            .permute(2, 0, 3, 1, 4)
        )
        query = (units[:, asked] @ self._projection[:, :width]).unflatten(2, (self.heads, -1)).transpose(1, 2)
        key = _turned(key, *rotary)
        cache.keys.append(_with_room(key, slots))
        cache.values.append(_with_room(value, slots))
        mixed = functional.scaled_dot_product_attention(
            _turned(query, *(table[asked] for table in rotary)),
            key,
            value,
            attn_mask=None if mask is None else mask[:, :, asked],
            is_causal=mask is None and query.shape[2] == length,
            scale=1.0,
        )
        return self._combine(stream[:, asked], mixed.transpose(1, 2).flatten(2))

    def step(
        self, stream: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None, cache: Cache, index: int
    ) -> Tensor:
        """Pass one token of each text, shape ``(batch, width)``."""
        batch, position = stream.shape[0], cache.length - 1
        slot = position % (self._reach + 1)
        recent = cache.recent[index]
        recent[:, slot] = _normalised(stream)
        units = (recent * self._rings[slot]).sum(1)
        heads = (units @ self._projection).view(batch, 3, self.heads, -1)
        turned = _turned(heads[:, :2], *rotary)
        keys, values = cache.keys[index], cache.values[index]
        keys[:, :, position] = turned[:, 1]
        values[:, :, position] = heads[:, 2]
        mixed = functional.scaled_dot_product_attention(
            turned[:, 0, :, None],
            keys[:, :, : cache.length],
            values[:, :, : cache.length],
            attn_mask=mask,
            scale=1.0,
        )
        return self._combine(stream, mixed.reshape(batch, -1))

    def _combine(self, stream: Tensor, mixed: Tensor) -> Tensor:
        flat = torch.addmm(stream.flatten(0, -2), mixed.flatten(0, -2), self._output)
        units = _normalised(flat)
        gated = functional.silu(units @ self._gate) * (units @ self._up)
        return torch.addmm(flat, gated, self._down).view_as(stream)


def _normalised(stream: Tensor) -> Tensor:
    """Divide by the root mean square, without the weights, which are folded into what comes next."""
    length = torch.linalg.vector_norm(stream, dim=-1, keepdim=True)
    mean = length.square_().div_(stream.shape[-1])
    return torch.mul(stream, mean.add_(EPSILON).rsqrt_())


def _turned(units: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Apply rotary positions to the last dimension."""
    swapped = units.roll(units.shape[-1] // 2, -1)
    return torch.addcmul(units * cosine, swapped, sine)


def _ring_buffer(units: Tensor, size: int) -> Tensor:
    """The last *size* positions of ``(batch, shift + length, width)``, each in the row of its number modulo *size*."""
    length = units.shape[1] - (size - 1)
    positions = range(length - size, length)
    order = sorted(positions, key=lambda position: position % size)
    return units[:, [position + size - 1 for position in order]]


def _with_room(units: Tensor, slots: int) -> Tensor:
    """Copy ``(batch, heads, length, head_width)`` to the beginning of a tensor with *slots* positions."""
    batch, heads, length, width = units.shape
    room = units.new_empty(batch, heads, slots, width)
    room[:, :, :length] = units
    return room


def _prompt_mask(begun: Tensor) -> Tensor:
    """Which positions each position of a padded prompt may see, ``(batch, 1, length, length)``, as addends.

    Padding sees itself: a row without anything to see would be no number.
    """
    length = begun.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=begun.device).tril()
    itself = torch.eye(length, dtype=torch.bool, device=begun.device)
    return _forbidden(~(causal & begun[:, None] | itself))[:, None]


def _forbidden(where: Tensor) -> Tensor:
    return torch.zeros(where.shape, dtype=DTYPE, device=where.device).masked_fill_(where, -math.inf)
