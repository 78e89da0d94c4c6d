"""Names and values as MLflow takes them."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re

LONGEST_NAME = 250
LONGEST_PARAMETER = 6000
LONGEST_TAG = 5000
_REFUSED = re.compile(r"[^\w./ :-]")


def mlflow_name(name: str) -> str:
    """*name* of a metric, parameter or tag; one that MLflow refuses gets another character and a mark of its own.

    The mark is six digits of a hash, without which two names might become one.
    """
    clean = _REFUSED.sub("_", name)
    if clean == name and len(name) <= LONGEST_NAME and name and _is_plain_path(name):
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    readable = "_".join(part for part in clean.split("/") if part not in {"", ".", ".."})
    return f"{readable[: LONGEST_NAME - 7]}_{mark}"


def _is_plain_path(name: str) -> bool:
    return posixpath.normpath(name) == name and name != "." and not name.startswith(("/", ".."))


def parameter_text(value: object) -> str:
    """*value* as the text that a parameter is."""
    return shortened(value if isinstance(value, str) else json.dumps(value), LONGEST_PARAMETER)


def shortened(text: str, longest: int) -> str:
    """The beginning of a *text* that is too long."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
