"""Whether two runs are the same: in what they logged and in their final state, to the bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlkernel.checkpoint.state_tree import load_state, save_state
from mlkernel.run.kernel_answers import codec_finder
from mlkernel.testing.check import CheckFailed, expect
from mlkernel.testing.recorded_run import RecordedRun

SHOWN = 3
"""Differences that a message lists."""


def expect_same_run(reference: RecordedRun, other: RecordedRun, title: str) -> None:
    """Compare how two runs ended, what they logged, and their newest checkpoints; times may differ.

    :param title: what the message calls *other*.
    :raises CheckFailed: they differ; the message shows the first differences.
    """
    expect(reference.error is None, f"a short run failed: {reference.error!r}")
    expect(other.error is None, f"{title} failed: {other.error!r}")
    expect(other.state == reference.state, f"{title} {other.state}, where the reference {reference.state}")
    _expect_same_metrics(reference, other, title)
    _expect_same_state(reference, other, title)


def _expect_same_metrics(reference: RecordedRun, other: RecordedRun, title: str) -> None:
    pairs = zip_longest(reference.logged, other.logged)
    for number, (expected, found) in enumerate(pairs, start=1):
        # By their representation, in which NaN equals itself.
        if repr(expected) != repr(found):
            message = (
                f"{title} logs other metrics, first in record {number}:\n  {found}\ninstead of\n  {expected}"
            )
            raise CheckFailed(message)


def _expect_same_state(reference: RecordedRun, other: RecordedRun, title: str) -> None:
    expected, found = _state(reference), _state(other)
    _drop_what_may_differ(expected, found)
    if _as_bytes(expected) == _as_bytes(found):
        return
    places = list(islice(_differing_places(expected, found), SHOWN)) or ["somewhere in a long array"]
    listed = "\n  ".join(places)
    raise CheckFailed(f"{title} ends in another state, though it logged the same:\n  {listed}")


def _state(run: RecordedRun) -> dict[str, Any]:
    checkpoint = run.checkpoint()
    if checkpoint is None:
        raise CheckFailed(f"the run that {run.state} has no checkpoint")
    return load_state(checkpoint.directory, codec_finder())


def _drop_what_may_differ(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Take away the time, and states of global generators whose library only one of two processes had loaded."""
    loaded = first["generators"]["shared"].keys() & second["generators"]["shared"].keys()
    for state in (first, second):
        del state["run"]["seconds"]
        generators = state["generators"]
        generators["shared"] = {name: generators["shared"][name] for name in sorted(loaded)}


def _as_bytes(state: dict[str, Any]) -> dict[str, bytes]:
    """Content of the files that a checkpoint of *state* has."""
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        save_state(state, Path(folder), codec_finder())
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _differing_places(expected: Any, found: Any, place: str = "state") -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in [*expected, *(key for key in found if key not in expected)]:
            if key not in expected or key not in found:
                yield f"{place}.{key} is only in one of them"
            else:
                yield from _differing_places(expected[key], found[key], f"{place}.{key}")
    elif repr(expected) != repr(found):
        yield f"{place}: {_short(found)} instead of {_short(expected)}"


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
