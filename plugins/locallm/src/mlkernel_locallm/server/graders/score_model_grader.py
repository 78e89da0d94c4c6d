"""A grader that asks a model for a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from attrs import frozen

from mlkernel_locallm.generation.prompt import Generation
from mlkernel_locallm.server.chat.completions import Completions
from mlkernel_locallm.server.graders.grade import Attempt, Grade
from mlkernel_locallm.server.graders.template import TemplateError, render
from mlkernel_locallm.server.http.api_error import ApiError

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


@frozen(kw_only=True)
class ScoreModelGrader:
    """The first number that the model writes, if it lies within the range."""

    completions: Completions
    model: str
    messages: tuple[tuple[str, str], ...]
    """Role and template of each."""
    low: float
    high: float
    sampling: Mapping[str, Any]
    """Further fields of the chat request."""

    def grade(self, attempts: list[Attempt]) -> list[Grade]:
        """See :class:`mlkernel_locallm.server.graders.grade.Grader`. All attempts are asked for at once."""
        asked = [self._ask(attempt) for attempt in attempts]
        return [question if isinstance(question, Grade) else self._grade(*question) for question in asked]

    def _ask(self, attempt: Attempt) -> Grade | tuple[int, Future[list[Generation]]]:
        try:
            messages = [{"role": role, "content": render(text, attempt)} for role, text in self.messages]
            request = self.completions.read({"model": self.model, "messages": messages, **self.sampling})
        except TemplateError as error:
            return Grade(problem="invalid_variable_error", detail=str(error))
        except ApiError as error:
            return Grade(problem="model_grader_server_error", detail=error.message)
        return len(request.prompts[0].tokens), self.completions.ask(request)

    def _grade(self, read: int, answered: Future[list[Generation]]) -> Grade:
        answer = answered.result()[0]
        tokens = {self.model: read + len(answer.tokens)}
        number = _NUMBER.search(answer.text)
        if number is None:
            detail = f"the model wrote no number: {answer.text[:100]!r}"
            return Grade(problem="model_grader_parse_error", detail=detail, tokens=tokens)
        score = float(number[0])
        if not self.low <= score <= self.high:
            detail = f"the score {score:g} is not between {self.low:g} and {self.high:g}"
            return Grade(problem="model_grader_parse_error", detail=detail, tokens=tokens)
        return Grade(reward=score, tokens=tokens)
