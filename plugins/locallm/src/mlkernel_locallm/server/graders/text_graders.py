"""Graders that compare texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from mlkernel_locallm.server.graders.grade import Attempt, Grade
from mlkernel_locallm.server.graders.template import TemplateError, render

Compare = Callable[[str, str], float]
"""Input and reference → grade from 0 to 1."""

OPERATIONS: Mapping[str, Compare] = {
    "eq": lambda text, reference: float(text == reference),
    "ne": lambda text, reference: float(text != reference),
    "like": lambda text, reference: float(reference in text),
    "ilike": lambda text, reference: float(reference.casefold() in text.casefold()),
}
"""Of ``string_check``."""


@frozen
class TextGrader:
    """Compares two texts, both of them templates."""

    text: str
    reference: str
    compare: Compare

    def grade(self, attempts: list[Attempt]) -> list[Grade]:
        """See :class:`mlkernel_locallm.server.graders.grade.Grader`."""
        return [self._grade(attempt) for attempt in attempts]

    def _grade(self, attempt: Attempt) -> Grade:
        try:
            text, reference = render(self.text, attempt), render(self.reference, attempt)
        except TemplateError as error:
            return Grade(problem="invalid_variable_error", detail=str(error))
        return Grade(reward=self.compare(text, reference))
