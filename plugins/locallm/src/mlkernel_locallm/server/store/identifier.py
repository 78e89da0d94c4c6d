"""Names of resources."""

from __future__ import annotations

import secrets
import time
from base64 import b32encode
from hashlib import blake2b


def new_identifier(prefix: str, key: str | None = None) -> str:
    """A name that starts with *prefix*: a function of *key*, or a new one.

    A resource that is made for an idempotency key is named after it, so that making it twice makes it once, even when
    the process dies between making it and noting that it was made.
    """
    digest = secrets.token_bytes(15) if key is None else blake2b(key.encode(), digest_size=15).digest()
    return f"{prefix}{b32encode(digest).decode().lower()}"


def now() -> int:
    """Unix time in seconds, as the interface tells times."""
    return int(time.time())
