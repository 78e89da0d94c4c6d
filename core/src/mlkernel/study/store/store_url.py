"""Where a store is: the path of a file, or a URL, which is never shown or written with a password."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)
_USER_AND_PASSWORD = re.compile(r"(?<=://)([^/?#]*)@")
_PASSWORD_OPTION = re.compile(r"(?<=[?&])((?:ssl)?password)=([^&]*)&?", re.IGNORECASE)


def scheme(location: str | Path) -> str | None:
    """The scheme of a URL in lower case; ``None`` for a path."""
    found = _URL.match(location) if isinstance(location, str) else None
    return found[1].lower() if found else None


def without_password(location: str | Path) -> str:
    """*location* as it may be shown and written. libpq finds passwords in ``PGPASSWORD`` and ``~/.pgpass``."""
    text = str(location)
    if scheme(location) is None:
        return text
    shown = _USER_AND_PASSWORD.sub(lambda found: found[1].partition(":")[0] + "@", text, count=1)
    return _PASSWORD_OPTION.sub("", shown).rstrip("?&")


def passwords(location: str) -> list[str]:
    """What must not be shown of *location*, as it is written there and as it is meant; the longest first."""
    written = [found[2] for found in _PASSWORD_OPTION.finditer(location)]
    user = _USER_AND_PASSWORD.search(location)
    if user:
        written.append(user[1].partition(":")[2])
    return sorted({form for text in written if text for form in (text, unquote(text))}, key=len, reverse=True)
