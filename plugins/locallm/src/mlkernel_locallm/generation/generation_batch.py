"""Texts that are written together, one token of each at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from mlkernel_locallm.generation.decoder import ANSWERABLE, Cache, Decoder
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.generation.stop_watch import StopWatch
from mlkernel_locallm.generation.token_choice import TokenChoice
from mlkernel_locallm.model.byte_chat import END, PADDING, decode

TokenListener = Callable[[int, int, float], None]
"""Told of each token as it is chosen: index of the prompt, token, log-probability."""

_END_INDEX = ANSWERABLE.index(END)
_DIGITS = 9
"""Decimals of log-probabilities. What lies behind them depends on the batch."""


class GenerationBatch:
    """Texts that are written together.

    A finished text is carried along until half of them are finished: taking rows out of the caches costs more than
    computing them in vain once or twice.
    """

    def __init__(self, decoder: Decoder, prompts: Sequence[Prompt]) -> None:
        self._decoder, self._prompts, device = decoder, prompts, decoder.device
        room = (decoder.config.context - len(prompt.tokens) for prompt in prompts)
        limits = [min(prompt.max_tokens, left) for prompt, left in zip(prompts, room, strict=True)]
        self._steps, self._shortest = max(limits), min(limits)
        self._limits = torch.tensor(limits, device=device)
        self._rows = torch.arange(len(prompts), device=device)
        """Index of the text in each row of the caches."""
        self._done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
        self._tokens = torch.tensor(ANSWERABLE, device=device)
        self._written = torch.full((self._steps, len(prompts)), END, device=device)
        self._logprobs: Tensor | None = None
        if any(prompt.logprobs for prompt in prompts):
            self._logprobs = torch.zeros(self._steps, len(prompts), dtype=torch.float64, device=device)
        self._stops = {row: StopWatch(prompt.stop) for row, prompt in enumerate(prompts) if prompt.stop}

    def run(self, on_token: TokenListener | None) -> None:
        """Write until all texts have ended."""
        logits, cache = self._read()
        choice = TokenChoice(self._prompts, self._steps, self._decoder.device)
        for step in range(self._steps):
            chosen = choice.choose(logits, step)
            self._record(step, chosen, logits, on_token)
            writing = self._done.numel() - int(self._done.count_nonzero())
            if writing == 0:
                break
            if 2 * writing <= self._done.numel():
                kept = (~self._done).nonzero()[:, 0]
                cache.select(kept)
                choice.select(kept)
                chosen, self._rows, self._done = chosen[kept], self._rows[kept], self._done[kept]
            logits = self._decoder.step(self._tokens[chosen], cache)

    def _read(self) -> tuple[Tensor, Cache]:
        """Read each different prompt once, then give each text its own copy."""
        rows = {
            tokens: row for row, tokens in enumerate(dict.fromkeys(prompt.tokens for prompt in self._prompts))
        }
        length = max(map(len, rows))
        padded = [(PADDING,) * (length - len(tokens)) + tokens for tokens in rows]
        first = torch.tensor([length - len(tokens) for tokens in rows], device=self._decoder.device)
        tokens = torch.tensor(padded, device=self._decoder.device)
        logits, cache = self._decoder.read(tokens, first, length + self._steps)
        if len(rows) == len(self._prompts):
            return logits, cache
        copies = torch.tensor([rows[prompt.tokens] for prompt in self._prompts], device=self._decoder.device)
        cache.select(copies)
        return logits[copies], cache

    def _record(self, step: int, chosen: Tensor, logits: Tensor, on_token: TokenListener | None) -> None:
        tokens = self._tokens[chosen]
        self._written[step, self._rows] = tokens
        logprobs = None
        if self._logprobs is not None or on_token is not None:
            logprobs = logits.log_softmax(-1).gather(1, chosen[:, None])[:, 0]
        if self._logprobs is not None and logprobs is not None:
            self._logprobs[step, self._rows] = logprobs
        if on_token is not None and logprobs is not None:
            self._tell(on_token, tokens, logprobs)
        if self._stops:
            self._watch(tokens)
        self._done |= chosen == _END_INDEX
        if step + 1 >= self._shortest:
            self._done |= self._limits[self._rows] <= step + 1

    def _tell(self, on_token: TokenListener, tokens: Tensor, logprobs: Tensor) -> None:
        columns = (self._rows.tolist(), self._done.tolist(), tokens.tolist(), logprobs.tolist())
        for row, done, token, logprob in zip(*columns, strict=True):
            if not done:
                on_token(row, token, round(logprob, _DIGITS))

    def _watch(self, tokens: Tensor) -> None:
        columns = zip(self._rows.tolist(), self._done.tolist(), tokens.tolist(), strict=True)
        for position, (row, done, token) in enumerate(columns):
            if not done and row in self._stops and self._stops[row].is_hit_by(token):
                self._done[position] = True

    def answers(self) -> Iterator[Generation]:
        """The answers, in the order of the prompts."""
        written = self._written.T.tolist()
        logprobs = [None] * len(written) if self._logprobs is None else self._logprobs.T.tolist()
        limits = self._limits.tolist()
        for row, prompt in enumerate(self._prompts):
            tokens = written[row][: limits[row]]
            ended = END in tokens
            if ended:
                tokens = tokens[: tokens.index(END) + 1]
            stop = self._stops.get(row)
            if stop is not None and stop.hit:
                tokens, ended = tokens[: stop.kept], True
            chances = logprobs[row] if prompt.logprobs else None
            yield Generation(
                text=decode(tokens),
                tokens=tuple(tokens),
                logprobs=None
                if chances is None
                else tuple(round(c, _DIGITS) for c in chances[: len(tokens)]),
                finish="stop" if ended else "length",
            )
