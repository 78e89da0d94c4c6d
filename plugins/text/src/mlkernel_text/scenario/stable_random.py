"""Random numbers that are the same in every process, and do not depend on what was drawn before."""

from __future__ import annotations

import random
from hashlib import blake2b


def stable_hash(*parts: str | int) -> int:
    """An integer in [0, 2⁶³) from *parts*; unlike ``hash``, no process salts it."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


def stable_random(*parts: str | int) -> random.Random:
    """A generator of its own for *parts*, such as a seed and what the numbers are for."""
    return random.Random(stable_hash(*parts))  # noqa: S311 - draws problems, guards no secret
