"""Sampling with one stream of random numbers for each text, inside ``generate`` of transformers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import LogitsProcessor

from mlkernel_locallm.generation.prompt import Prompt
from mlkernel_locallm.generation.token_choice import TokenChoice


class SeededChoice(LogitsProcessor):  # type: ignore[misc]  # transformers tells no types
    """Chooses the tokens itself, and leaves ``generate`` nothing to choose from."""

    def __init__(self, prompts: Sequence[Prompt], steps: int, device: torch.device) -> None:
        self._choice = TokenChoice(prompts, steps, device)
        self._step = 0
        self.logprobs: list[Tensor] = []
        """For each step the log-probabilities of the chosen tokens, ``(texts,)``."""

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores that allow one token for each text."""
        logits = scores.double()
        chosen = self._choice.choose(logits, self._step)[:, None]
        self._step += 1
        self.logprobs.append(logits.log_softmax(-1).gather(1, chosen)[:, 0])
        return torch.full_like(scores, -torch.inf).scatter_(1, chosen, 0.0)
