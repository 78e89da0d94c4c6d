"""A grader made of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import frozen

from mlkernel_locallm.server.graders.formula import Formula, FormulaError
from mlkernel_locallm.server.graders.grade import Attempt, Grade, Grader


@frozen
class MultiGrader:
    """Puts the rewards of its parts together by a formula."""

    parts: Mapping[str, Grader]
    formula: Formula

    def grade(self, attempts: list[Attempt]) -> list[Grade]:
        """See :class:`mlkernel_locallm.server.graders.grade.Grader`."""
        grades = {name: grader.grade(attempts) for name, grader in self.parts.items()}
        return [self._combine({name: grades[name][i] for name in grades}) for i in range(len(attempts))]

    def _combine(self, grades: Mapping[str, Grade]) -> Grade:
        tokens = sum((Counter(grade.tokens) for grade in grades.values()), Counter[str]())
        rewards = {name: grade.reward for name, grade in grades.items()}
        for name, grade in grades.items():
            if grade.problem is not None:
                detail = f"{name}: {grade.detail}"
                return Grade(problem=grade.problem, detail=detail, parts=rewards, tokens=dict(tokens))
        try:
            reward = self.formula.value(rewards)
        except FormulaError as error:
            return Grade(problem="formula_parse_error", detail=f"calculate_output {error}", parts=rewards)
        return Grade(reward=reward, parts=rewards, tokens=dict(tokens))
