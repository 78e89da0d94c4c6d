"""Answers that were paid for, kept so that none is asked for twice."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import frozen

from mlkernel import StorageError
from mlkernel_text.answers.database import open_database
from mlkernel_text.answers.json_bytes import json_bytes
from mlkernel_text.backends.backend import Sample, SampleRequest, Usage

_TABLE = """
CREATE TABLE IF NOT EXISTS answers (request BLOB, number INTEGER, answer BLOB, PRIMARY KEY (request, number))
WITHOUT ROWID
"""


@frozen
class KeptAnswer:
    """One answer, and its share of what the request took."""

    sample: Sample
    usage: Usage


class AnswerStore:
    """A SQLite file of answers; each is there for good when :meth:`save` returns, whatever happens to the process.

    An answer is found by everything that it depends on: back end, model, chat, sampling parameters, seed, and its
    number among the answers to one request. Two episodes never share one, since their seeds differ.

    :param path: made if there is none.
    :raises UsageError: it is no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = open_database(path, _TABLE)

    def find(self, request: bytes, count: int) -> dict[int, KeptAnswer]:
        """The kept ones of the first *count* answers to a request, by number.

        :param request: its :func:`request_digest`.
        """
        query = "SELECT number, answer FROM answers WHERE request = ? AND number < ?"
        return {
            number: _decode(json.loads(text))
            for number, text in self._database.execute(query, (request, count))
        }

    def save(self, request: bytes, answers: Mapping[int, KeptAnswer]) -> None:
        """Keep answers to a request, together or not at all.

        :param request: its :func:`request_digest`.
        :param answers: by their numbers.
        :raises StorageError: the disk is full, or another process holds the file.
        """
        rows = [(request, number, _encode(answer)) for number, answer in answers.items()]
        try:
            with self._database:  # ends a transaction that is open, by a rollback where something failed
                if len(rows) > 1:
                    self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)
        except sqlite3.OperationalError as error:
            raise StorageError(f"answers cannot be kept in {self._path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def request_digest(backend: str, request: SampleRequest) -> bytes:
    """SHA-256 of everything that the answers to *request* depend on; how many are asked for is none of it."""
    parts = [
        backend,
        request.model,
        repr(
            (
                request.temperature,
                request.top_p,
                request.max_tokens,
                request.stop,
                request.seed,
                request.logprobs,
            )
        ),
        json.dumps(dict(request.extra), sort_keys=True) if request.extra else "",
    ]
    for message in request.chat:
        parts += (message["role"], message["content"])
    # With their lengths, so that no two lists of parts make one text.
    return sha256(
        "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")
    ).digest()


def _encode(answer: KeptAnswer) -> bytes:
    sample, usage = answer.sample, answer.usage
    record: dict[str, Any] = {
        "outcome": sample.outcome,
        "text": sample.text,
        "usage": [usage.prompt_tokens, usage.completion_tokens, usage.cost],
    }
    if sample.problem is not None:
        record["problem"] = sample.problem
    if sample.tokens is not None:
        record["tokens"] = sample.tokens
    if sample.logprobs is not None:
        record["logprobs"] = sample.logprobs
    return json_bytes(record)


def _decode(record: dict[str, Any]) -> KeptAnswer:
    tokens, logprobs = record.get("tokens"), record.get("logprobs")
    sample = Sample(
        outcome=record["outcome"],
        text=record["text"],
        tokens=None if tokens is None else tuple(tokens),
        logprobs=None if logprobs is None else log_probabilities(logprobs),
        problem=record.get("problem"),
    )
    prompt, completion, cost = record["usage"]
    return KeptAnswer(sample, Usage(prompt_tokens=prompt, completion_tokens=completion, cost=cost))


def log_probabilities(values: Sequence[float | None]) -> tuple[float, ...]:
    """As they were before JSON, which has no infinity, left out those of probability 0."""
    return tuple(-math.inf if value is None else value for value in values)
