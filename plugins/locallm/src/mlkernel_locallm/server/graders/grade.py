"""What is graded, and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from attrs import Factory, frozen

Problem = Literal[
    "formula_parse_error",
    "invalid_variable_error",
    "model_grader_parse_error",
    "model_grader_server_error",
    "python_grader_runtime_error",
    "python_grader_server_error",
    "sample_parse_error",
    "other_error",
]
"""Why there is no grade, in the words of the interface."""


@frozen(kw_only=True)
class Attempt:
    """An answer to be graded."""

    item: Mapping[str, Any]
    """The row of the file that asked for it."""
    text: str
    """The answer."""


@frozen(kw_only=True)
class Grade:
    """What a grader says of one attempt."""

    reward: float = 0.0
    problem: Problem | None = None
    detail: str | None = None
    """Of the problem."""
    parts: Mapping[str, float] = Factory(dict)
    """Rewards of the graders that this one is made of."""
    tokens: Mapping[str, int] = Factory(dict)
    """Model → tokens that grading took."""


class Grader(Protocol):
    """Grades attempts."""

    def grade(self, attempts: list[Attempt]) -> list[Grade]:
        """One grade for each attempt. A grader that cannot grade says so in the grade and raises nothing."""
