"""Keeps secrets out of everything that is written: by the name of a field, the value of a secret variable, or its place
in an address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(?:^|[_\-.])(?:api_?key|key|token|secret|password|passwd|credentials?|authorization)$", re.IGNORECASE
)
_PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+(?=@)")
_SHORTEST_SECRET = 8
"""Shorter values of secret variables are words that occur by chance."""


def is_secret_name(name: str) -> bool:
    """Whether a field or environment variable of this name holds a secret, such as ``OPENAI_API_KEY``."""
    return _SECRET_NAME.search(name) is not None


class Redactor:
    """Replaces secrets in text and in structured values.

    :param environment: where secret values are found; the process's own unless given.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environment is None else environment
        secrets = {
            value
            for name, value in variables.items()
            if is_secret_name(name) and len(value) >= _SHORTEST_SECRET
        }
        # The longest first, so that one secret that contains another is replaced whole.
        alternatives = "|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True))
        self._pattern = re.compile(alternatives) if alternatives else None

    def text(self, text: str) -> str:
        """*text* without the values of secret variables, and without passwords in addresses."""
        if "://" in text:
            text = _PASSWORD_IN_ADDRESS.sub(rf"\1:{REDACTED}", text)
        return self._pattern.sub(REDACTED, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """*value*, a tree of dictionaries and lists, without secrets; what JSON cannot hold becomes text first."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                name: REDACTED if is_secret_name(str(name)) and item else self.value(item)
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value if value is None or isinstance(value, int | float) else self.text(repr(value))
