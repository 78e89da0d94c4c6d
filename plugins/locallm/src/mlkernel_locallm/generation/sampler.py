"""Sampling: prompts in, answers out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from mlkernel import UsageError
from mlkernel_locallm.generation.decoder import Decoder
from mlkernel_locallm.generation.generation_batch import GenerationBatch, TokenListener
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.model.transformer import Transformer

BATCH = 128
"""Texts written together, at most; more do not fit into the caches of a processor core and gain nothing."""
BATCH_TOKENS = 16_384
"""Tokens of prompts read together, at most, padding included; bounds the memory."""


class Sampler:
    """Answers prompts by a model as it is now; training it afterwards changes no answer.

    An answer does not depend on what else is asked at the same time, nor on the order.

    :param device: where to compute; ``"cpu"``, or a CUDA device.
    """

    def __init__(self, model: Transformer, device: torch.device | str = "cpu") -> None:
        self._decoder = Decoder(model, torch.device(device))
        self.context = model.config.context

    @torch.inference_mode()
    def generate(self, prompts: Sequence[Prompt], on_token: TokenListener | None = None) -> list[Generation]:
        """Answer *prompts*, in their order.

        :param on_token: for streaming, called with the index of a prompt, a token and its log-probability as it is
            chosen; it sees the tokens of several texts in turns, those of a stop string and the end included. What it
            raises ends the sampling.
        :raises UsageError: for a prompt that leaves no room for an answer.
        """
        for index, prompt in enumerate(prompts):
            self._check(index, prompt)
        # Prompts of similar length need little padding, and equal ones are read once.
        order = sorted(
            range(len(prompts)), key=lambda index: (len(prompts[index].tokens), prompts[index].tokens)
        )
        answers: dict[int, Generation] = {}
        for indices in _portions(order, [len(prompt.tokens) for prompt in prompts]):
            batch = GenerationBatch(self._decoder, [prompts[index] for index in indices])
            batch.run(_renumbered(on_token, indices))
            answers.update(zip(indices, batch.answers(), strict=True))
        return [answers[index] for index in range(len(prompts))]

    def _check(self, index: int, prompt: Prompt) -> None:
        if len(prompt.tokens) >= self.context:
            raise UsageError(
                f"prompt {index} has {len(prompt.tokens)} tokens; "
                f"with one more for its answer it does not fit into the model's context of {self.context}"
            )


def _portions(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Cut *order*, indices of prompts by rising length, into batches."""
    portion: list[int] = []
    for index in order:
        if portion and (len(portion) == BATCH or (len(portion) + 1) * lengths[index] > BATCH_TOKENS):
            yield portion
            portion = []
        portion.append(index)
    if portion:
        yield portion


def _renumbered(listener: TokenListener | None, indices: Sequence[int]) -> TokenListener | None:
    if listener is None:
        return None
    return lambda row, token, logprob: listener(indices[row], token, logprob)
