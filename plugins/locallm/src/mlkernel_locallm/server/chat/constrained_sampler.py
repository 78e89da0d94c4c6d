"""Answers that conform to a grammar."""

from __future__ import annotations

from collections.abc import Callable

import torch

from mlkernel_locallm.generation.decoder import ANSWERABLE, Decoder
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.generation.token_choice import TokenChoice
from mlkernel_locallm.model.byte_chat import END, decode
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.server.chat.json_grammar import GrammarState

_END_INDEX = ANSWERABLE.index(END)


class ConstrainedSampler:
    """Writes one answer at a time, since the grammar must see each token before the next is chosen.

    Stop strings are not looked for: an answer that was stopped within would not conform.
    """

    def __init__(self, network: Transformer, grammar: str) -> None:
        self._decoder = Decoder(network, torch.device("cpu"))
        self._grammar = grammar

    @torch.inference_mode()
    def generate(self, prompt: Prompt, index: int, on_token: Callable[[int, int], None] | None) -> Generation:
        """Answer *prompt*.

        :param index: of the prompt, for *on_token*.
        :returns: an answer whose log-probabilities are the model's own, before the grammar.
        """
        length = len(prompt.tokens)
        steps = min(prompt.max_tokens, self._decoder.config.context - length)
        logits, cache = self._decoder.read(
            torch.tensor([prompt.tokens]), torch.zeros(1, dtype=torch.long), length + steps
        )
        state, choice = GrammarState(self._grammar), TokenChoice([prompt], steps, self._decoder.device)
        tokens: list[int] = []
        logprobs: list[float] = []
        for step in range(steps):
            allowed = torch.from_numpy(state.allowed())
            chosen = choice.choose(logits.masked_fill(~allowed, -torch.inf), step)
            token = ANSWERABLE[int(chosen)]
            tokens.append(token)
            logprobs.append(float(logits.log_softmax(-1)[0, chosen]))
            if on_token is not None:
                on_token(index, token)
            state.take(token)
            if int(chosen) == _END_INDEX or state.is_complete:
                return _generation(prompt, tokens, logprobs, ended=True)
            logits = self._decoder.step(torch.tensor([token]), cache)
        return _generation(prompt, tokens, logprobs, ended=False)


def _generation(prompt: Prompt, tokens: list[int], logprobs: list[float], *, ended: bool) -> Generation:
    return Generation(
        text=decode(tokens),
        tokens=tuple(tokens),
        logprobs=tuple(logprobs) if prompt.logprobs else None,
        finish="stop" if ended else "length",
    )
