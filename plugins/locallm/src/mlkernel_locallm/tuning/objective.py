"""What a method of tuning minimises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import Factory, frozen
from torch import Tensor

from mlkernel import UsageError
from mlkernel_locallm.model.transformer import Transformer

Row = Mapping[str, Any]
"""One line of a training file."""


@frozen(kw_only=True)
class Loss:
    """The loss of some rows."""

    value: Tensor
    """A scalar to differentiate."""
    tokens: int
    """Tokens that the model read for it."""
    metrics: Mapping[str, float] = Factory(dict)


class Objective(Protocol):
    """Rows, read and encoded."""

    size: int
    """Number of rows."""

    def loss(self, model: Transformer, rows: Sequence[int], step: int) -> Loss:
        """The loss of *rows*, by their indices.

        :param step: number of the step, from 0; decides what is random.
        """


class RowError(UsageError):
    """A row of a training file that cannot be used.

    :param row: its number, from 1.
    """

    def __init__(self, row: int, problem: str) -> None:
        super().__init__(f"row {row}: {problem}")
        self.row, self.problem = row, problem


def required(row: Row, key: str, kind: type) -> Any:
    """The value of *key*.

    :raises ValueError: when it is missing or of another type.
    """
    if key not in row:
        raise ValueError(f"{key!r} is missing")
    if not isinstance(row[key], kind):
        raise ValueError(f"{key!r} must be of type {kind.__name__}, and is {type(row[key]).__name__}")  # noqa: TRY004 - one kind for callers
    return row[key]


def messages_of(row: Row, key: str = "messages") -> list[Row]:
    """The messages under *key*.

    :raises ValueError: when there are none, or something else is among them.
    """
    messages: list[Row] = required(row, key, list)
    if not messages or not all(isinstance(message, Mapping) for message in messages):
        raise ValueError(f"{key!r} must be a list of one or more messages")
    return messages
