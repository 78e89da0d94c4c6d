"""Where a store is: the path of a file, or a URL, which is never shown or written with a password."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)
_SECRETS = {"password", "sslpassword"}


def scheme(location: str | Path) -> str | None:
    """The scheme of a URL in lower case; ``None`` for a path."""
    found = _URL.match(location) if isinstance(location, str) else None
    return found[1].lower() if found else None


def without_password(location: str | Path) -> str:
    """*location* as it may be shown and written. libpq finds passwords in ``PGPASSWORD`` and ``~/.pgpass``."""
    text = str(location)
    if scheme(location) is None:
        return text
    address, mark, query = text.partition("?")
    kept = [part for part in query.split("&") if unquote(part.partition("=")[0]).lower() not in _SECRETS]
    parts = urlsplit(address)
    user, at, place = parts.netloc.rpartition("@")
    shown = urlunsplit((parts.scheme, user.partition(":")[0] + at + place, parts.path, "", ""))
    return shown + (mark + "&".join(kept) if any(kept) else "")
