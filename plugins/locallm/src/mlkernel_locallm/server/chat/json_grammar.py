"""Answers that are JSON, by ``response_format``.

The model is kept to the grammar while it writes: at each step only bytes may be chosen that lead to a document which
conforms. An answer with ``finish_reason`` ``stop`` is therefore always valid; one with ``length`` was cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from llguidance import LLMatcher, LLTokenizer

from mlkernel_locallm.model.byte_chat import END
from mlkernel_locallm.server.http.api_error import invalid
from mlkernel_locallm.server.http.fields import Fields

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions

_ANY_OBJECT = {"type": "object"}
_COMPACT: JsonCompileOptions = {"whitespace_flexible": False, "item_separator": ",", "key_separator": ":"}


def read_response_format(fields: Fields) -> str | None:
    """The field ``response_format`` as a grammar, ``None`` for plain text."""
    wanted = fields.inner("response_format")
    if wanted is None:
        return None
    kind = wanted.choice("type", ("text", "json_object", "json_schema"))
    inner = wanted.inner("json_schema") if kind == "json_schema" else None
    if kind == "json_schema" and inner is None:
        wanted.require("json_schema")
    schema: object = _ANY_OBJECT
    if inner is not None:
        inner.text("name", longest=64)
        inner.ignore("description", "strict")
        schema = inner.require("schema")
        inner.finish()
    wanted.finish()
    return None if kind == "text" else _grammar(schema)


def _grammar(schema: object) -> str:
    if not isinstance(schema, Mapping):
        raise invalid("'response_format.json_schema.schema' must be a JSON Schema", "response_format")
    try:
        grammar = str(LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults=_COMPACT))
        problem = LLMatcher(_tokenizer(), grammar).get_error()
    except ValueError as error:
        problem = str(error)
    if problem:
        raise invalid(f"'response_format': {problem}", "response_format", "invalid_json_schema")
    return grammar


@lru_cache(maxsize=1)
def _tokenizer() -> LLTokenizer:
    return LLTokenizer("byte")


class GrammarState:
    """Reads along one answer and tells what may come next."""

    def __init__(self, grammar: str) -> None:
        self._matcher = LLMatcher(_tokenizer(), grammar)

    def allowed(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """For each byte, and for the end of the answer at index 256, whether it may come next."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little").astype(np.bool_)
        return np.append(allowed[:256], allowed[_tokenizer().eos_token])

    def take(self, token: int) -> None:
        """Go on after *token*."""
        self._matcher.consume_token(_tokenizer().eos_token if token == END else token)

    @property
    def is_complete(self) -> bool:
        """Whether the answer has ended and nothing may follow."""
        return bool(self._matcher.is_stopped())
