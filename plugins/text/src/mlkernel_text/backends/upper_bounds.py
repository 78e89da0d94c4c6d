"""The most tokens that a request or a job can take, known without a tokenizer: a token has at least one byte."""

from __future__ import annotations

from mlkernel import FineTuneRequest
from mlkernel_text.backends.backend import Estimate, SampleRequest

PER_MESSAGE = 8
"""Tokens that a chat template may add to each message."""
_EPOCHS, _MOST_EPOCHS, _LEAST_EXAMPLES = 3, 25, 100
"""Where a request leaves their number to OpenAI: 3 epochs, or as many as show 100 examples, up to 25 (OpenAI cookbook,
"Data preparation and analysis for chat model fine-tuning", which tells its default)."""


def bound_of_request(request: SampleRequest) -> Estimate:
    """Tokens of the prompt, counted once, and of *n* answers."""
    prompt = sum(len(message["content"].encode()) + PER_MESSAGE for message in request.chat) + PER_MESSAGE
    return Estimate(tokens=prompt + request.n * request.max_tokens)


def bound_of_training(request: FineTuneRequest, epochs: int | None = None) -> int:
    """Tokens of the training file, once per epoch; of preferences twice, since each answer is read with the prompt.

    :param epochs: how many the back end makes of a job that says nothing; ``None``: the provider chooses.
    """
    asked = request.options.get("epochs")
    count = asked if isinstance(asked, int) else epochs or _chosen_epochs(request.rows)
    texts = 2 if request.method == "dpo" else 1
    return request.training_file.stat().st_size * texts * count


def _chosen_epochs(rows: int) -> int:
    return max(_EPOCHS, min(_MOST_EPOCHS, -(-_LEAST_EXAMPLES // max(1, rows))))
