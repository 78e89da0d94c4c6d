"""Training rows as tokens: what a step-wise service is given to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from mlkernel import FineTuneRequest
from mlkernel_text.backends.chat_tokenizer import ChatTokenizer
from mlkernel_text.backends.training_file import read_rows

Row = Mapping[str, Any]


@frozen
class TokenRow:
    """A text and what counts of it; everything after the first token is a target, [tokens - 1]."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    """Of each target; 0 where nothing is learnt."""
    logprobs: tuple[float, ...] = ()
    """Of each target when it was sampled; 0 in the prompt."""
    advantages: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """Tokens that are read in training."""
        return len(self.tokens)

    def datum(self, names: Sequence[str], weights: Sequence[float] | None = None) -> dict[str, Any]:
        """In the form of the interface.

        :param names: which inputs of the loss are told: ``weights``, ``logprobs``, ``advantages``.
        :param weights: in place of the row's own.
        """
        targets = self.tokens[1:]
        values = {
            "weights": self.weights if weights is None else weights,
            "logprobs": self.logprobs,
            "advantages": self.advantages,
        }
        inputs = {name: _tensor(values[name], "float32") for name in names}
        return {
            "model_input": {"chunks": [{"type": "encoded_text", "tokens": list(self.tokens[:-1])}]},
            "loss_fn_inputs": {"target_tokens": _tensor(targets, "int64"), **inputs},
        }


def _tensor(values: Sequence[float], dtype: str) -> dict[str, Any]:
    return {"data": list(values), "dtype": dtype, "shape": [len(values)]}


def token_rows(request: FineTuneRequest, tokenizer: ChatTokenizer) -> list[list[TokenRow]]:
    """The training file as examples: one text each, or for ``dpo`` the preferred one and the other."""
    rows = read_rows(request.training_file)
    if request.method == "dpo":
        return [_pair(row, tokenizer) for row in rows]
    read = _sampled if request.method == "grpo" else _dialogue
    return [[read(row, tokenizer)] for row in rows]


def _dialogue(row: Row, tokenizer: ChatTokenizer) -> TokenRow:
    """A chat whose assistant messages are learnt, unless their weight is 0, by the weight of the row."""
    messages, share = row["messages"], float(row.get("weight", 1.0))
    tokens, learnt = tokenizer.with_answers(messages)
    weights = [share if counts else 0.0 for counts in learnt]
    return TokenRow(tuple(tokens), tuple(weights[1:]))


def _pair(row: Row, tokenizer: ChatTokenizer) -> list[TokenRow]:
    prompt = row["input"]["messages"]
    return [
        _last_answer([*prompt, *row[name]], tokenizer)
        for name in ("preferred_output", "non_preferred_output")
    ]


def _last_answer(messages: Sequence[Row], tokenizer: ChatTokenizer) -> TokenRow:
    *before, answer = messages
    return _dialogue({"messages": [*({**one, "weight": 0} for one in before), answer]}, tokenizer)


def _sampled(row: Row, tokenizer: ChatTokenizer) -> TokenRow:
    """A prompt and the very tokens that were sampled after it."""
    prompt = tokenizer.prompt(row["messages"])
    answer = row["tokens"]
    nothing = [0.0] * (len(prompt) - 1)
    count = len(answer)
    return TokenRow(
        tokens=(*prompt, *answer),
        weights=(*nothing, *[1.0] * count),
        logprobs=(*nothing, *row["logprobs"]),
        advantages=(*nothing, *[float(row["advantage"])] * count),
    )
