"""JSON that every reader understands: not a number is ``null``, infinities are ``1e999`` and ``-1e999``.

Numbers too large for their floating-point type are read as infinity, or refused loudly.
"""

from __future__ import annotations

import json
import re
from typing import Any

_ENCODERS = {indent: json.JSONEncoder(allow_nan=False, indent=indent) for indent in (None, 2)}
_STRING_OR_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')
_STRICT = {"NaN": "null", "Infinity": "1e999", "-Infinity": "-1e999"}


def strict_json(value: Any, *, indent: int | None = None) -> str:
    """*value* as JSON text.

    :param indent: ``None`` for a single line, or 2 spaces.
    :raises TypeError: a part of it is nothing that JSON can hold.
    """
    try:
        return _ENCODERS[indent].encode(value)
    except ValueError:
        lenient = json.dumps(value, indent=indent)  # raises again unless it was for one of the three words
        return _STRING_OR_WORD.sub(lambda found: _STRICT.get(found[0], found[0]), lenient)
