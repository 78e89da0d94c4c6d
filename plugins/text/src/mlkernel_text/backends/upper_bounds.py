"""The most tokens that a request or a job can take, known without a tokenizer: a token has at least one byte."""

from __future__ import annotations

from mlkernel import FineTuneRequest
from mlkernel_text.backends.backend import Estimate, SampleRequest

PER_MESSAGE = 8
"""Tokens that a chat template may add to each message."""
DEFAULT_EPOCHS = 3
"""Assumed where a request leaves their number to the provider."""


def bound_of_request(request: SampleRequest) -> Estimate:
    """Tokens of the prompt, counted once, and of *n* answers."""
    prompt = sum(len(message["content"].encode()) + PER_MESSAGE for message in request.chat) + PER_MESSAGE
    return Estimate(tokens=prompt + request.n * request.max_tokens)


def bound_of_training(request: FineTuneRequest) -> int:
    """Tokens of the training file, once per epoch."""
    epochs = request.options.get("epochs")
    count = epochs if isinstance(epochs, int) else DEFAULT_EPOCHS
    return request.training_file.stat().st_size * count
