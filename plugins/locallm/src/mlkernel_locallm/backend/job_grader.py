"""Graders of reinforcement jobs: those of the server, but for the one that asks a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkernel import UsageError
from mlkernel_locallm.server.chat.completions import Completions
from mlkernel_locallm.server.graders.grader_schema import check_grader
from mlkernel_locallm.server.graders.grading import Grading
from mlkernel_locallm.server.http.api_error import ApiError
from mlkernel_locallm.tuning.reinforcement import Grader


class NoCompletions(Completions):
    """Stands where the server's models would; it is never asked, since graders that ask are refused."""

    def __init__(self) -> None:
        pass


def make_grader(definition: Mapping[str, Any]) -> Grader:
    """The grader that *definition* describes, as OpenAI's interface writes it.

    :raises UsageError: when none can be made of it.
    """
    try:
        check_grader(definition, "grader")
    except ApiError as error:
        raise UsageError(f"the grader cannot be used: {error}") from error
    if _asks_a_model(definition):
        raise UsageError(
            "graders of type score_model need the server",
            hint="start `kernel serve locallm` and use the back end openai with its address",
        )
    grader = Grading(NoCompletions()).for_job({"method": {"type": "rft", "rft": {"grader": definition}}})
    assert grader is not None  # there is a definition
    return grader


def _asks_a_model(definition: Any) -> bool:
    if isinstance(definition, Mapping):
        return definition.get("type") == "score_model" or any(map(_asks_a_model, definition.values()))
    return False
