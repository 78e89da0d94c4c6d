"""The choice of the next token: temperature, nucleus, and one stream of random numbers for each text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mlkernel_locallm.generation.prompt import Prompt


class TokenChoice:
    """Chooses one token for each text.

    Step *t* of a text uses the *t*-th number of its own stream, Philox (Salmon et al. 2011) with the key
    ``(seed, stream)``, so that other texts neither take from it nor add to it.
    """

    def __init__(self, prompts: Sequence[Prompt], steps: int, device: torch.device) -> None:
        uniform = [_uniform(prompt, steps) for prompt in prompts]
        self._uniform = torch.from_numpy(np.stack(uniform)).to(device)
        temperature = torch.tensor(
            [[prompt.temperature] for prompt in prompts], dtype=torch.float64, device=device
        )
        self._greedy = temperature[:, 0] == 0.0
        self._temperature = temperature.masked_fill(temperature == 0.0, 1.0)
        self._top_p = torch.tensor([[prompt.top_p] for prompt in prompts], dtype=torch.float64, device=device)
        self._any_greedy = bool(self._greedy.any())
        self._any_temperature = bool((self._temperature != 1.0).any())
        self._any_top_p = bool((self._top_p < 1.0).any())

    def select(self, rows: Tensor) -> None:
        """Go on with *rows* only."""
        self._uniform, self._greedy = self._uniform[rows], self._greedy[rows]
        self._temperature, self._top_p = self._temperature[rows], self._top_p[rows]

    def choose(self, logits: Tensor, step: int) -> Tensor:
        """Return the chosen indices, shape ``(texts,)``, from float64 logits of shape ``(texts, choices)``."""
        scaled = logits / self._temperature if self._any_temperature else logits
        probabilities = scaled.softmax(-1)
        if self._any_top_p:
            probabilities = _nucleus(probabilities, self._top_p)
        cumulative = probabilities.cumsum(-1)
        target = self._uniform[:, step : step + 1] * cumulative[:, -1:]
        chosen = torch.searchsorted(cumulative, target, right=True)[:, 0].clamp_(max=logits.shape[1] - 1)
        return torch.where(self._greedy, logits.argmax(-1), chosen) if self._any_greedy else chosen


def _uniform(prompt: Prompt, steps: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.Generator(np.random.Philox(key=prompt.seed | prompt.stream << 64)).random(steps)


def _nucleus(probabilities: Tensor, top_p: Tensor) -> Tensor:
    """Zero all but the likeliest tokens that reach *top_p* together; the likeliest of all always stays."""
    ordered, order = probabilities.sort(stable=True, dim=-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    return torch.zeros_like(probabilities).scatter_(1, order, ordered.masked_fill(before >= top_p, 0.0))
