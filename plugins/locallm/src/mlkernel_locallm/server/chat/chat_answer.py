"""Chat completions as they are told to clients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from mlkernel_locallm.generation.prompt import Generation
from mlkernel_locallm.model.byte_chat import BEGIN, END
from mlkernel_locallm.server.chat.chat_request import ChatRequest

Alternatives = Sequence[Sequence[tuple[int, float]]]
"""For each token of an answer the likeliest ones with their log-probabilities, the likeliest first."""


@frozen(kw_only=True)
class Head:
    """What a completion and each of its chunks have in common."""

    identifier: str
    created: int
    model: str

    def document(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """A completion, or a chunk of one, without its usage."""
        return {
            "id": self.identifier,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def completion(
    head: Head,
    request: ChatRequest,
    answers: Sequence[Generation],
    alternatives: Sequence[Alternatives | None],
) -> dict[str, Any]:
    """The whole completion."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": answer.text, "refusal": None},
            "logprobs": logprobs_of(answer, alternatives[index]),
            "finish_reason": answer.finish,
        }
        for index, answer in enumerate(answers)
    ]
    return {**head.document("chat.completion", choices), "usage": usage_of(request, answers)}


def usage_of(request: ChatRequest, answers: Sequence[Generation]) -> dict[str, int]:
    """Tokens read and written. The prompt counts once, however many choices answer it."""
    read = len(request.prompts[0].tokens)
    written = sum(len(answer.tokens) for answer in answers)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def logprobs_of(answer: Generation, alternatives: Alternatives | None) -> dict[str, Any] | None:
    """How likely each byte of the answer's text was, if that was asked for."""
    if answer.logprobs is None:
        return None
    content = []
    for place, (token, logprob) in enumerate(zip(answer.tokens, answer.logprobs, strict=True)):
        if token < BEGIN:
            top = [] if alternatives is None else [_token(*other) for other in alternatives[place]]
            content.append({**_token(token, logprob), "top_logprobs": top})
    return {"content": content, "refusal": None}


def _token(token: int, logprob: float) -> dict[str, Any]:
    if token == END:
        return {"token": "<end>", "bytes": None, "logprob": logprob}
    return {"token": bytes([token]).decode(errors="replace"), "bytes": [token], "logprob": logprob}
