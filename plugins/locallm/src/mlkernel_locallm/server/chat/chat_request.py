"""What ``POST /v1/chat/completions`` asks for."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mlkernel_locallm.generation.prompt import Prompt
from mlkernel_locallm.model.byte_chat import encode_prompt
from mlkernel_locallm.server.chat.json_grammar import read_response_format
from mlkernel_locallm.server.http.api_error import ApiError, invalid, unsupported
from mlkernel_locallm.server.http.fields import Fields

MAX_CHOICES = 128
MAX_STOPS = 4
MAX_TOP_LOGPROBS = 20
DEFAULT_MAX_TOKENS = 256
_LARGEST_SEED = 2**63 - 1
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
}
"""Fields of which only the values that ask for nothing are taken."""
_WITHOUT_EFFECT = (
    "user",
    "store",
    "metadata",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "parallel_tool_calls",
)


@frozen(kw_only=True)
class ChatRequest:
    """A request that was found to make sense; whether its model exists is another question."""

    model: str
    prompts: tuple[Prompt, ...]
    """One for each choice; they differ in their random streams."""
    logprobs: bool
    top_logprobs: int
    grammar: str | None
    """What an answer must conform to."""
    stream: bool
    include_usage: bool


def read_chat_request(body: Mapping[str, Any]) -> ChatRequest:
    """Read the body of a request.

    :raises ApiError: 400 for what is missing, wrong, or not done by this server.
    """
    fields = Fields(body)
    for name, neutral in _NEUTRAL.items():
        value = fields.get(name)
        if value is not None and value not in neutral:
            raise unsupported(name, "the model writes plain text, or JSON by response_format")
    logprobs, top_logprobs = _read_logprobs(fields)
    stream, include_usage = _read_stream(fields)
    request = ChatRequest(
        model=fields.text("model"),
        prompts=_read_prompts(fields, logprobs=logprobs),
        logprobs=logprobs,
        top_logprobs=top_logprobs,
        grammar=read_response_format(fields),
        stream=stream,
        include_usage=include_usage,
    )
    fields.ignore(*_WITHOUT_EFFECT)
    fields.finish()
    return request


def check_context(request: ChatRequest, context: int) -> None:
    """Refuse a chat that leaves no room for an answer.

    :raises ApiError: 400, ``context_length_exceeded``.
    """
    length = len(request.prompts[0].tokens)
    if length >= context:
        raise ApiError(
            400,
            f"This model's maximum context length is {context} tokens. However, your messages resulted in {length} "
            "tokens. Please reduce the length of the messages.",
            param="messages",
            code="context_length_exceeded",
        )


def _read_prompts(fields: Fields, *, logprobs: bool) -> tuple[Prompt, ...]:
    seed = fields.integer("seed", None, low=-_LARGEST_SEED - 1, high=_LARGEST_SEED)
    seed = secrets.randbits(63) if seed is None else seed % 2**64
    n = fields.integer("n", 1, low=1, high=MAX_CHOICES) or 1
    tokens = read_messages(fields)
    temperature = fields.number("temperature", 1.0, low=0.0, high=2.0)
    # The model's nucleus always holds its likeliest token, so that 0 means what the smallest number means.
    top_p = max(fields.number("top_p", 1.0, low=0.0, high=1.0), 1e-12)
    max_tokens, stop = _read_max_tokens(fields), _read_stop(fields)
    return tuple(
        Prompt(
            tokens=tokens,
            seed=seed,
            stream=index,
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            stop=stop,
            logprobs=logprobs,
        )
        for index in range(n)
    )


def read_messages(fields: Fields) -> tuple[int, ...]:
    """The field ``messages`` as tokens."""
    messages = fields.require("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("'messages' must be a list with at least one message", "messages")
    for index, message in enumerate(messages):
        inner = Fields.of(message, f"messages[{index}]")
        if inner.get("tool_calls") or inner.get("function_call"):
            raise unsupported(inner.path("tool_calls"), "the model calls no tools")
        if inner.get("role") != "assistant":
            inner.require("content")
    try:
        return encode_prompt(messages)
    except ValueError as error:
        raise invalid(f"'messages': {error}", "messages") from None


def _read_max_tokens(fields: Fields) -> int:
    limit = 2**31
    older = fields.integer("max_tokens", None, low=1, high=limit)
    newer = fields.integer("max_completion_tokens", None, low=1, high=limit)
    if older is not None and newer is not None:
        raise invalid("give either 'max_tokens' or 'max_completion_tokens', not both", "max_tokens")
    return older or newer or DEFAULT_MAX_TOKENS


def _read_stop(fields: Fields) -> tuple[str, ...]:
    stop = fields.get("stop")
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(text, str) and text for text in stops):
        raise invalid("'stop' must be a text or a list of texts, none of them empty", "stop")
    if len(stops) > MAX_STOPS:
        raise invalid(f"'stop' has {len(stops)} texts, {MAX_STOPS} are allowed", "stop")
    return tuple(stops)


def _read_logprobs(fields: Fields) -> tuple[bool, int]:
    logprobs = fields.flag("logprobs")
    top = fields.integer("top_logprobs", 0, low=0, high=MAX_TOP_LOGPROBS) or 0
    if top and not logprobs:
        raise invalid("'top_logprobs' needs 'logprobs' to be true", "top_logprobs")
    return logprobs, top


def _read_stream(fields: Fields) -> tuple[bool, bool]:
    stream, options = fields.flag("stream"), fields.inner("stream_options")
    if options is None:
        return stream, False
    if not stream:
        raise invalid("'stream_options' needs 'stream' to be true", "stream_options")
    include_usage = options.flag("include_usage")
    options.ignore("include_obfuscation")
    options.finish()
    return stream, include_usage
