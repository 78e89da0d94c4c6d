"""Graders made from their definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlkernel_locallm.server.chat.completions import Completions
from mlkernel_locallm.server.graders.formula import Formula
from mlkernel_locallm.server.graders.grade import Attempt, Grader
from mlkernel_locallm.server.graders.grader_schema import text_of
from mlkernel_locallm.server.graders.multi_grader import MultiGrader
from mlkernel_locallm.server.graders.python_grader import PythonGrader
from mlkernel_locallm.server.graders.score_model_grader import ScoreModelGrader
from mlkernel_locallm.server.graders.similarity import MEASURES
from mlkernel_locallm.server.graders.text_graders import OPERATIONS, TextGrader
from mlkernel_locallm.server.store.resources import Document
from mlkernel_locallm.tuning.objective import Row
from mlkernel_locallm.tuning.reinforcement import Grader as RewardFunction

_SAMPLING = {
    "max_completions_tokens": "max_completion_tokens",
    "seed": "seed",
    "temperature": "temperature",
    "top_p": "top_p",
}
"""Field of a grader → of a chat request."""


class GradingError(Exception):
    """No answer of a whole step could be graded: the grader is broken, and the job with it."""


class Grading:
    """Makes graders.

    :param completions: answers the questions of ``score_model``.
    """

    def __init__(self, completions: Completions) -> None:
        self._completions = completions

    def grader(self, definition: Mapping[str, Any]) -> Grader:
        """The grader of a definition that :func:`check_grader` found to be right."""
        match definition["type"]:
            case "string_check":
                compare = OPERATIONS[definition["operation"]]
                return TextGrader(definition["input"], definition["reference"], compare)
            case "text_similarity":
                compare = MEASURES[definition["evaluation_metric"]]
                return TextGrader(definition["input"], definition["reference"], compare)
            case "python":
                return PythonGrader(definition["source"])
            case "score_model":
                return self._score_model(definition)
            case _:
                return self._multi(definition)

    def for_job(self, job: Document) -> RewardFunction | None:
        """What rewards the answers of a reinforcement job; ``None`` for other methods.

        An answer that cannot be graded is worth 0.
        """
        definition = job["method"][job["method"]["type"]].get("grader")
        if definition is None:
            return None
        grader = self.grader(definition)

        def rewards(answers: Sequence[tuple[Row, str]]) -> list[float]:
            grades = grader.grade([Attempt(item=row, text=text) for row, text in answers])
            if grades and all(grade.problem is not None for grade in grades):
                raise GradingError(
                    f"the grader failed on every answer; {grades[0].problem}: {grades[0].detail}"
                )
            return [grade.reward for grade in grades]

        return rewards

    def _score_model(self, definition: Mapping[str, Any]) -> ScoreModelGrader:
        low, high = definition.get("range") or (0.0, 1.0)
        sampling = definition.get("sampling_params") or {}
        return ScoreModelGrader(
            completions=self._completions,
            model=definition["model"],
            messages=tuple(
                (message["role"], text_of(message["content"], "content")) for message in definition["input"]
            ),
            low=low,
            high=high,
            # A grader that changed its mind would make a job depend on when it runs.
            sampling={
                "seed": 0,
                **{_SAMPLING[name]: value for name, value in sampling.items() if name in _SAMPLING},
            },
        )

    def _multi(self, definition: Mapping[str, Any]) -> MultiGrader:
        parts = definition["graders"]
        if isinstance(parts.get("type"), str):
            parts = {parts["name"]: parts}
        formula = Formula(definition["calculate_output"])
        return MultiGrader({name: self.grader(part) for name, part in parts.items()}, formula)
