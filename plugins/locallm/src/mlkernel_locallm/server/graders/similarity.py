"""How alike two texts are: the measures of ``text_similarity`` that need no model."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import partial

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from mlkernel_locallm.server.graders.text_graders import Compare

_LONGEST = 4
"""Words of the longest runs that BLEU and GLEU count."""


def _runs(words: list[str], length: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[start : start + length]) for start in range(len(words) - length + 1))


def _harmonic_mean(matches: int, written: int, expected: int) -> float:
    return 2 * matches / (written + expected) if matches else 0.0


def bleu(text: str, reference: str) -> float:
    """BLEU of one sentence (Papineni et al. 2002), runs of two and more words smoothed by one (Lin and Och 2004)."""
    words, expected = text.split(), reference.split()
    if not words or not expected:
        return float(words == expected)
    total = 0.0
    for length in range(1, _LONGEST + 1):
        written = _runs(words, length)
        matches = (written & _runs(expected, length)).total()
        smoothing = int(length > 1)
        if matches + smoothing == 0:
            return 0.0
        total += math.log((matches + smoothing) / (written.total() + smoothing))
    brevity = min(0.0, 1 - len(expected) / len(words))
    return math.exp(brevity + total / _LONGEST)


def gleu(text: str, reference: str) -> float:
    """GLEU (Wu et al. 2016, section 5.2): the smaller of precision and recall over runs of one to four words."""
    words, expected = text.split(), reference.split()
    written = sum((_runs(words, length) for length in range(1, _LONGEST + 1)), Counter[tuple[str, ...]]())
    wanted = sum((_runs(expected, length) for length in range(1, _LONGEST + 1)), Counter[tuple[str, ...]]())
    most = max(written.total(), wanted.total())
    return (written & wanted).total() / most if most else 1.0


def rouge(text: str, reference: str, *, length: int) -> float:
    """F-measure of ROUGE-N (Lin 2004, section 2) for runs of *length* words."""
    written, wanted = _runs(text.split(), length), _runs(reference.split(), length)
    return _harmonic_mean((written & wanted).total(), written.total(), wanted.total())


def rouge_l(text: str, reference: str) -> float:
    """F-measure of the longest common subsequence of words (Lin 2004, section 3)."""
    words, expected = text.split(), reference.split()
    return _harmonic_mean(LCSseq.similarity(words, expected), len(words), len(expected))


MEASURES: Mapping[str, Compare] = {
    "fuzzy_match": lambda text, reference: fuzz.ratio(text, reference) / 100,
    "bleu": bleu,
    "gleu": gleu,
    **{f"rouge_{length}": partial(rouge, length=length) for length in range(1, 6)},
    "rouge_l": rouge_l,
}
"""Name → measure, from 0 to 1."""
NEEDS_A_MODEL = frozenset({"cosine", "meteor"})
"""Measures of the interface that are not done here, since they need embeddings or a dictionary."""
