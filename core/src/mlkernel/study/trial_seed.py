"""The randomness of a trial: a function of the study's seed and the trial's number, and of nothing else."""

from __future__ import annotations

import random
from hashlib import blake2b


def trial_seed(study_seed: int, number: int, purpose: str = "") -> int:
    """A seed in [0, 2⁶⁴) for one *purpose* of the trial *number*; equal in every process, for every machine."""
    text = f"{study_seed}/{number}/{purpose}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def trial_random(study_seed: int, number: int, purpose: str = "") -> random.Random:
    """A stream of random numbers that starts at :func:`trial_seed`."""
    return random.Random(trial_seed(study_seed, number, purpose))  # noqa: S311 - no secret depends on it
