"""Names of resources."""

from __future__ import annotations

import secrets
import time
from base64 import b32encode
from hashlib import blake2b
from itertools import count

_PROCESS = secrets.token_bytes(32)
"""Sets apart the names that different processes make."""
_COUNTER = count()


def new_identifier(prefix: str, key: str | None = None) -> str:
    """A name that starts with *prefix*: a function of *key*, or a new one.

    A resource that is made for an idempotency key is named after it, so that making it twice makes it once, even when
    the process dies between making it and noting that it was made.
    """
    # Asking the system for random bytes at each request would cost more than anything else here.
    name = f"{next(_COUNTER)}" if key is None else key
    digest = blake2b(name.encode(), digest_size=15, key=_PROCESS if key is None else b"").digest()
    return f"{prefix}{b32encode(digest).decode().lower()}"


def now() -> int:
    """Unix time in seconds, as the interface tells times."""
    return int(time.time())
