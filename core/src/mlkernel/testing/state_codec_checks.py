"""Checks of state codecs: what goes into a checkpoint comes out of it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from mlkernel.checkpoint.state_codec import StateCodec
from mlkernel.discovery.component import Component
from mlkernel.testing.check import Check, CheckFailed, expect
from mlkernel.testing.component_checks import component_checks


def state_codec_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a state codec.

    They store arrays of the codec's library where that has NumPy's names for making them; a codec of other things
    gives its own samples with a method ``sample_leaves() -> dict[str, Any]``.
    """
    yield from component_checks(component, overrides)
    yield Check("is_named_like_its_library", partial(_check_name, component))
    yield Check("stores_nothing_as_nothing", partial(_check_round_trip, component, {}))
    yield Check("leaves_come_back_equal", partial(_check_samples, component))
    yield Check("names_come_back_equal", partial(_check_names, component))
    yield Check("files_begin_with_its_name", partial(_check_files, component))
    yield Check("reads_without_pickle", partial(_check_pickle, component))
    yield Check("copies_are_equal_and_independent", partial(_check_copy, component))


def _codec(component: Component) -> StateCodec:
    codec: StateCodec = component.factory()()
    return codec


def _samples(codec: Any) -> dict[str, Any]:
    if hasattr(codec, "sample_leaves"):
        return dict(codec.sample_leaves())
    library = import_module(codec.name)
    if not hasattr(library, "arange"):
        raise CheckFailed(
            f"there is nothing to check it with: give it sample_leaves() -> dict of {codec.name} values"
        )
    numbers = library.arange(12)
    return {
        "whole": numbers,
        "float": numbers / 7,
        "scalar": (numbers / 7).sum(),
        "truth": numbers > 5,
        "table": numbers.reshape(3, 4),
        "transposed": numbers.reshape(3, 4).T,
        "part": numbers[2:9:3],
        "empty": numbers[:0],
        "nothing_by_three": numbers[:0].reshape(0, 3),
        "not_a_number": numbers * float("nan"),
        "same_memory": numbers,
    }


def _store(codec: StateCodec, leaves: Mapping[str, Any], directory: str) -> dict[str, Any]:
    codec.save(leaves, Path(directory))
    return codec.load(Path(directory))


def _check_name(component: Component) -> None:
    codec = _codec(component)
    expect(
        codec.name == component.name,
        f"the codec is named {codec.name!r} and its entry point {component.name!r}",
    )


def _check_round_trip(component: Component, leaves: Mapping[str, Any]) -> None:
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        returned = _store(_codec(component), leaves, folder)
    expect(set(returned) == set(leaves), f"stored were {sorted(leaves)}, and {sorted(returned)} came back")
    for name, leaf in leaves.items():
        _expect_equal(name, leaf, returned[name])


def _check_samples(component: Component) -> None:
    _check_round_trip(component, _samples(_codec(component)))


def _check_names(component: Component) -> None:
    sample = next(iter(_samples(_codec(component)).values()))
    names = ["state.a.b", "state.a[0]", "state.ä ö/ü\\", "state.a'b\"c", "state." + "long" * 60, "state.\n"]
    _check_round_trip(component, dict.fromkeys(names, sample))


def _check_files(component: Component) -> None:
    codec = _codec(component)
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        codec.save(_samples(codec), Path(folder))
        others = [path.name for path in Path(folder).iterdir() if not path.name.startswith(codec.name)]
    expect(not others, f"files of other names could meet those of other codecs: {', '.join(others)}")


def _check_pickle(component: Component) -> None:
    codec = _codec(component)

    def refuse(*_: object, **__: object) -> None:
        raise CheckFailed("it reads with pickle, which runs whatever code a checkpoint holds")

    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        codec.save(_samples(codec), Path(folder))
        with patch.multiple(pickle, load=refuse, loads=refuse, Unpickler=refuse):
            codec.load(Path(folder))


def _check_copy(component: Component) -> None:
    codec = _codec(component)
    for name, leaf in _samples(codec).items():
        before, copy = repr(leaf), codec.copy(leaf)
        _expect_equal(name, leaf, copy)
        try:
            leaf[...] = leaf == leaf.sum()
        except (
            TypeError,
            AttributeError,
            ValueError,
            RuntimeError,
        ):  # what cannot be changed cannot betray the copy
            continue
        expect(repr(copy) == before, f"{name}: changing the original changes its copy")


def _expect_equal(name: str, leaf: Any, returned: Any) -> None:
    expect(
        type(returned) is type(leaf),
        f"{name}: a {type(leaf).__name__} comes back as a {type(returned).__name__}",
    )
    for fact in ("shape", "dtype"):
        before, after = getattr(leaf, fact, None), getattr(returned, fact, None)
        expect(before == after, f"{name}: its {fact} is {after} instead of {before}")
    expect(repr(returned) == repr(leaf), f"{name}: {returned!r} comes back instead of {leaf!r}")
