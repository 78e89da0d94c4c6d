"""Checking the definition of a grader, before anything is graded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkernel_locallm.server.graders.formula import Formula, FormulaError
from mlkernel_locallm.server.graders.similarity import MEASURES, NEEDS_A_MODEL
from mlkernel_locallm.server.graders.template import TemplateError, check_template
from mlkernel_locallm.server.graders.text_graders import OPERATIONS
from mlkernel_locallm.server.http.api_error import invalid, unsupported
from mlkernel_locallm.server.http.fields import Fields

TYPES = ("string_check", "text_similarity", "python", "score_model", "multi")
MAX_SOURCE = 65536
ROLES = ("user", "assistant", "system", "developer")


def check_grader(definition: Any, path: str, *, nested: bool = False) -> None:
    """Refuse what no grader can be made of.

    :param path: of the definition within the request, for messages.
    :param nested: whether it is part of another grader, which then is no ``multi``.
    :raises ApiError: 400, for the first field that is wrong.
    """
    fields = Fields.of(definition, path)
    kind = fields.choice("type", TYPES[:-1] if nested else TYPES)
    fields.text("name")
    match kind:
        case "string_check":
            fields.choice("operation", OPERATIONS)
            _check_templates(fields, "input", "reference")
        case "text_similarity":
            _check_measure(fields)
            _check_templates(fields, "input", "reference")
        case "python":
            _check_source(fields)
        case "score_model":
            _check_score_model(fields)
        case _:
            _check_multi(fields)
    fields.finish()


def text_of(content: Any, path: str) -> str:
    """The text of a message's content: a text, a part with a text, or a list of such parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(text_of(part, path) for part in content)
    if isinstance(content, Mapping) and content.get("type") in {"input_text", "output_text", "text"}:
        return Fields(content, path).text("text")
    raise invalid(f"'{path}' must be a text or parts of type input_text", path)


def _check_templates(fields: Fields, *names: str) -> None:
    for name in names:
        _check_template(fields.text(name), fields.path(name))


def _check_template(text: str, path: str) -> None:
    try:
        check_template(text)
    except TemplateError as error:
        raise invalid(f"'{path}': {error}", path) from None


def _check_measure(fields: Fields) -> None:
    measure = fields.choice("evaluation_metric", {*MEASURES, *NEEDS_A_MODEL})
    if measure in NEEDS_A_MODEL:
        raise unsupported(
            fields.path("evaluation_metric"),
            f"{measure} needs data that this server has not; it has {', '.join(MEASURES)}",
        )


def _check_source(fields: Fields) -> None:
    source = fields.text("source", longest=MAX_SOURCE)
    fields.ignore("image_tag")
    try:
        compile(source, "grader.py", "exec")
    except (SyntaxError, ValueError) as error:
        raise invalid(f"'{fields.path('source')}' is not Python: {error}", fields.path("source")) from None


def _check_score_model(fields: Fields) -> None:
    fields.text("model")
    messages = fields.require("input")
    if not isinstance(messages, list) or not messages:
        raise invalid(f"'{fields.path('input')}' must be a list of messages", fields.path("input"))
    for index, message in enumerate(messages):
        inner = Fields.of(message, f"{fields.path('input')}[{index}]")
        inner.choice("role", ROLES)
        inner.ignore("type")
        _check_template(text_of(inner.require("content"), inner.path("content")), inner.path("content"))
        inner.finish()
    _check_range(fields)
    if (sampling := fields.inner("sampling_params")) is not None:
        sampling.ignore("max_completions_tokens", "seed", "temperature", "top_p", "reasoning_effort")
        sampling.finish()


def _check_range(fields: Fields) -> None:
    limits = fields.get("range")
    if limits is None:
        return
    is_pair = (
        isinstance(limits, list)
        and len(limits) == 2
        and all(isinstance(limit, int | float) for limit in limits)
    )
    if not is_pair or limits[0] >= limits[1]:
        raise invalid(
            f"'{fields.path('range')}' must be two numbers, the lower one first", fields.path("range")
        )


def _check_multi(fields: Fields) -> None:
    parts = fields.require("graders")
    if not isinstance(parts, Mapping) or not parts:
        raise invalid(
            f"'{fields.path('graders')}' must be an object of graders by name", fields.path("graders")
        )
    # The client's schema also allows one grader in the place of the object.
    parts = {str(parts["name"]): parts} if isinstance(parts.get("type"), str) and "name" in parts else parts
    for name, part in parts.items():
        check_grader(part, f"{fields.path('graders')}.{name}", nested=True)
    try:
        formula = Formula(fields.text("calculate_output"))
    except FormulaError as error:
        raise invalid(
            f"'{fields.path('calculate_output')}': {error}", fields.path("calculate_output")
        ) from None
    if unknown := sorted(formula.names - parts.keys()):
        raise invalid(
            f"'{fields.path('calculate_output')}' names no grader: {unknown[0]}",
            fields.path("calculate_output"),
        )
