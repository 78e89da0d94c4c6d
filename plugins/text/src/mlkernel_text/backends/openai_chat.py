"""Chat completions: from our request to OpenAI's, and back."""

from __future__ import annotations

from typing import Any

import openai
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from openai.types.chat.chat_completion import Choice

from mlkernel_text.backends.backend import Sample, SampleOutcome, SampleRequest, SampleResult, Usage
from mlkernel_text.backends.openai_config import OpenAIConfig
from mlkernel_text.backends.openai_errors import is_filtered, is_overlong, malformed, message_of, without_keys

_OUTCOMES: dict[str, SampleOutcome] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filtered",
    "error": "error",
}


def chat_arguments(request: SampleRequest, config: OpenAIConfig) -> dict[str, Any]:
    """The arguments of a chat completion; fields that were not asked for are left out, since not everyone knows them.

    Fields are given as ``extra_body``, which is sent as it is: to convert them as arguments takes a quarter of the
    client's time.
    """
    body: dict[str, Any] = {
        "messages": [dict(message) for message in request.chat],
        "temperature": request.temperature,
        "top_p": request.top_p,
        config.token_limit: request.max_tokens,
    }
    if request.n > 1:
        body["n"] = request.n
    if request.stop:
        body["stop"] = list(request.stop)
    if request.seed is not None and config.seed:
        body["seed"] = request.seed
    if request.logprobs and config.logprobs:
        body["logprobs"] = True
    return {
        "model": request.model,
        "messages": [],
        "extra_body": {**body, **config.extra_body, **request.extra},
    }


def result_of(completion: Any, n: int, doing: str) -> SampleResult:
    """Read a completion; answers that are missing are samples with the outcome ``error``.

    :param completion: what the client made of the answer, which it does not check.
    :param doing: what was tried, for messages.
    :raises ProviderError: it is no completion.
    """
    choices = completion.choices if isinstance(completion, ChatCompletion) else None
    if not isinstance(choices, list) or not all(isinstance(choice, Choice) for choice in choices):
        raise malformed(doing, "the answer has no choices")
    samples = [_sample_of(choice) for choice in choices[:n]]
    lacking = f"the provider gave {len(choices)} of {n} answers; if it never gives several, set its option n to false"
    samples += [Sample(outcome="error", problem=lacking)] * (n - len(samples))
    return SampleResult(samples=tuple(samples), usage=_usage_of(completion))


def refused_request(error: openai.APIStatusError, n: int) -> SampleResult | None:
    """The outcome of a chat that did not reach the model; it cost nothing."""
    problem = without_keys(message_of(error))
    if is_overlong(error):
        return SampleResult(samples=(Sample(outcome="overlong", problem=problem),) * n, usage=Usage())
    if is_filtered(error):
        return SampleResult(samples=(Sample(outcome="filtered", problem=problem),) * n, usage=Usage())
    return None


def _sample_of(choice: Choice) -> Sample:
    message: ChatCompletionMessage | None = choice.message  # the client does not insist on it
    if message is None:
        return Sample(outcome="error", problem="the answer has no message")
    if message.refusal:
        return Sample(outcome="refused", text=message.refusal, problem="the model refused")
    outcome = _OUTCOMES.get(str(choice.finish_reason), "ok")
    text = message.content
    if outcome == "filtered":
        return Sample(outcome="filtered", text=text or "", problem="the provider's filter stopped the answer")
    if not isinstance(text, str):
        return Sample(
            outcome="error", problem=f"the answer has no text (finish reason {choice.finish_reason})"
        )
    if outcome == "error":
        return Sample(outcome="error", text=text, problem="the provider failed while it answered")
    tokens = None if choice.logprobs is None else choice.logprobs.content
    return Sample(
        outcome=outcome,
        text=text,
        logprobs=None if tokens is None else tuple(token.logprob for token in tokens),
        problem="cut at its token limit" if outcome == "length" else None,
    )


def _usage_of(completion: ChatCompletion) -> Usage | None:
    prompt, answer = (
        getattr(completion.usage, name, None) for name in ("prompt_tokens", "completion_tokens")
    )
    if not isinstance(prompt, int) or not isinstance(answer, int):
        return None
    return Usage(prompt_tokens=prompt, completion_tokens=answer)
