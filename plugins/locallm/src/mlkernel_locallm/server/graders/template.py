"""Texts with places such as ``{{ item.answer }}`` and ``{{ sample.output_text }}``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mlkernel_locallm.server.graders.grade import Attempt

_PLACE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
ROOTS = ("item", "sample")


class TemplateError(ValueError):
    """A place that nothing can be put into."""


def check_template(text: str) -> None:
    """Refuse places that no attempt has.

    :raises TemplateError: for one that begins with neither ``item`` nor ``sample``.
    """
    for path in _PLACE.findall(text):
        if path.split(".")[0] not in ROOTS:
            raise TemplateError(f"{{{{ {path} }}}} must begin with item. or sample.")


def render(text: str, attempt: Attempt) -> str:
    """Put in what the attempt has.

    :raises TemplateError: for a place that it lacks.
    """
    values = {"item": attempt.item, "sample": sample_of(attempt)}
    return _PLACE.sub(lambda place: _as_text(_look_up(values, place[1])), text)


def sample_of(attempt: Attempt) -> dict[str, Any]:
    """The answer in the form that graders see: as text, and parsed if it is JSON."""
    try:
        parsed = json.loads(attempt.text)
    except (ValueError, RecursionError):
        parsed = None
    return {"output_text": attempt.text, "output_json": parsed}


def _look_up(values: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(values, Mapping) and name in values:
            values = values[name]
        elif isinstance(values, list) and name.isdigit() and int(name) < len(values):
            values = values[int(name)]
        else:
            raise TemplateError(f"{{{{ {path} }}}}: there is no {name!r}")
    return values


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
