"""A NestedArrayDict behaves as a plain dictionary of lists would, and comes back from its file as it was."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlkernel import UsageError
from mlkernel_text.rollouts.array_file import load_nested_array_dict, save_nested_array_dict
from mlkernel_text.rollouts.arrays import TEXT
from mlkernel_text.rollouts.nested_array_dict import (
    NestedArrayDict,
    concatenate_nested_array_dicts,
    stack_nested_array_dicts,
)

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
KEYS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
DTYPES = st.sampled_from([np.bool_, np.int8, np.int64, np.uint16, np.float32, np.float64, object])
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SIZES = st.lists(st.integers(0, 3), max_size=3).map(tuple)
RESTS = st.lists(st.integers(0, 2), max_size=2).map(tuple)


@st.composite
def contents(draw: Any, size: tuple[int, ...]) -> dict[tuple[str, ...], np.ndarray]:
    """Arrays under keys of which none leads through another."""
    keys = draw(st.lists(KEYS, max_size=4, unique=True))
    keys = [key for key in keys if not any(key != other and other == key[: len(other)] for other in keys)]
    content = {}
    for key in keys:
        dtype, shape = draw(DTYPES), size + draw(RESTS)
        if dtype is object:
            content[key] = draw(arrays.arrays(object, shape, elements=TEXTS)).astype(TEXT)
        else:
            content[key] = draw(arrays.arrays(dtype, shape))
    return content


def plain(nested: NestedArrayDict) -> dict[tuple[str, ...], Any]:
    return {key: (array.dtype, array.shape, array.tolist()) for key, array in nested.items()}


@given(st.data(), SIZES)
def test_an_index_means_for_each_array_what_it_means_for_the_batch(data: Any, size: tuple[int, ...]) -> None:
    content = data.draw(contents(size))
    index = data.draw(arrays.basic_indices(size, allow_newaxis=True, allow_ellipsis=True))
    selected = NestedArrayDict(content, size)[index]
    assert selected.batch_size == np.empty(size)[index].shape
    for key, array in content.items():
        rest = tuple(slice(None) for _ in array.shape[len(size) :])
        whole = index if isinstance(index, tuple) else (index,)
        if Ellipsis not in whole:
            whole = (*whole, *(slice(None),) * (len(size) - sum(part is not None for part in whole)))
        else:
            given_dims = sum(part is not None and part is not Ellipsis for part in whole)
            fill = (slice(None),) * (len(size) - given_dims)
            place = next(number for number, part in enumerate(whole) if part is Ellipsis)
            whole = (*whole[:place], *fill, *whole[place + 1 :])
        expected = array[(*whole, *rest)]
        assert selected[key].shape == np.shape(expected)
        assert selected[key].dtype == array.dtype
        np.testing.assert_equal(selected[key].tolist(), np.asarray(expected, array.dtype).tolist())


@given(st.data(), st.integers(1, 4))
def test_masks_and_lists_of_places_select_rows(data: Any, rows: int) -> None:
    nested = NestedArrayDict(data.draw(contents((rows, 2))), (rows, 2))
    places = data.draw(st.lists(st.integers(0, rows - 1), max_size=5))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    assert nested[mask] == nested[np.flatnonzero(mask)]
    chosen = nested[np.array(places, int)]
    assert chosen.batch_size == (len(places), 2)
    for number, place in enumerate(places):
        assert chosen[number] == nested[place]
    assert list(nested)[-1] == nested[-1]


@given(st.data(), SIZES, st.integers(1, 3))
def test_stacking_and_concatenating_are_undone_by_indexing(
    data: Any, size: tuple[int, ...], count: int
) -> None:
    content = data.draw(contents(size))
    dicts = [NestedArrayDict(content, size).clone() for _ in range(count)]
    for number, one in enumerate(dicts):
        one["number"] = np.full(size, number)
    dim = data.draw(st.integers(-len(size) - 1, len(size)))
    stacked = stack_nested_array_dicts(dicts, dim)
    before = (slice(None),) * (dim % (len(size) + 1))
    for number, one in enumerate(dicts):
        assert stacked[(*before, number)] == one
    if size:
        dim = data.draw(st.integers(-len(size), len(size) - 1))
        joined = concatenate_nested_array_dicts(dicts, dim)
        before, length = (slice(None),) * (dim % len(size)), size[dim]
        for number, one in enumerate(dicts):
            assert joined[(*before, slice(number * length, (number + 1) * length))] == one


@settings(max_examples=50)
@given(st.data(), SIZES)
def test_a_file_brings_everything_back(tmp_path_factory: Any, data: Any, size: tuple[int, ...]) -> None:
    path = tmp_path_factory.mktemp("saved") / "rollouts.nad"
    nested = NestedArrayDict(data.draw(contents(size)), size)
    save_nested_array_dict(nested, path)
    first = path.read_bytes()
    loaded = load_nested_array_dict(path)
    assert loaded == nested
    assert list(loaded.keys()) == list(nested.keys())
    save_nested_array_dict(loaded, path)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == ["rollouts.nad"]


def test_a_torn_or_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rollouts.nad"
    nested = NestedArrayDict({"text": [["a", None]] * 3, "y": np.arange(6).reshape(3, 2)}, (3, 2))
    save_nested_array_dict(nested, path)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place])
        with pytest.raises(UsageError, match=r"rollouts\.nad cannot be read as nested arrays: ."):
            load_nested_array_dict(path)
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        with suppress(UsageError):
            assert load_nested_array_dict(path) == nested, (
                "only bytes that mean nothing, such as a date, may differ"
            )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        load_nested_array_dict(tmp_path / "none.nad")


def test_keys_lead_to_arrays_and_to_parts() -> None:
    nested = NestedArrayDict({"agents": {"reward": [1.0, 2.0], "text": ["a", None]}, "y": [0, 1]}, 2)
    assert nested["agents", "reward"].tolist() == nested["agents"]["reward"].tolist() == [1.0, 2.0]
    assert nested["agents", "text"].dtype == TEXT
    assert list(nested.keys()) == [("agents", "reward"), ("agents", "text"), ("y",)]
    assert list(nested.keys(include_prefixes=True)) == [
        ("agents",), ("agents", "reward"), ("agents", "text"), ("y",),
    ]  # fmt: skip
    assert "agents" in nested
    assert ("agents", "text") in nested
    assert "reward" not in nested
    assert nested.to_dict()["agents"]["text"].tolist() == ["a", None]
    assert len(nested) == 2
    with pytest.raises(KeyError, match="agents/value is not among agents/reward"):
        nested["agents", "value"]


def test_setting_replaces_everything_beneath() -> None:
    nested = NestedArrayDict({"agents": {"reward": [1, 2], "text": ["a", "b"]}}, 2)
    nested["agents"] = {"value": [3, 4]}
    assert list(nested.keys()) == [("agents", "value")]
    nested["agents"] = NestedArrayDict({("deep", "er"): [True, False]}, 2)
    assert list(nested.keys()) == [("agents", "deep", "er")]
    nested["agents"] = [1, 2]
    with pytest.raises(ValueError, match="agents/reward leads through the array agents"):
        nested["agents", "reward"] = [1, 2]
    del nested["agents"]
    assert not nested


def test_wrong_shapes_and_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"y has the shape \(3,\), which does not begin with \(2,\)"):
        NestedArrayDict({"y": [1, 2, 3]}, 2)
    nested = NestedArrayDict({"y": [[1, 2], [3, 4]], "z": [1, 2]}, 2)
    with pytest.raises(ValueError, match="does not begin"):
        nested.batch_size = (2, 2)
    with pytest.raises(TypeError, match=r"not dict: \{\}"):
        nested["x"] = np.array([{}, {}])
    with pytest.raises(TypeError, match="not int: 1"):
        nested["x"] = ["a", 1]
    with pytest.raises(IndexError):
        nested[5]
    with pytest.raises(ValueError, match="number 1 and number 0 do not both have z"):
        stack_nested_array_dicts([nested, NestedArrayDict({"y": nested["y"]}, 2)])
    with pytest.raises(ValueError, match="nothing to join"):
        concatenate_nested_array_dicts([])


def test_copies_are_independent() -> None:
    nested = NestedArrayDict({"y": [1, 2], "text": ["a", "b"]}, 2)
    deep, shallow, part = nested.clone(), nested.clone(recurse=False), nested[:1]
    nested["y"][0] = 9
    assert (deep["y"][0], shallow["y"][0], part["y"][0]) == (1, 9, 1)
    nested["z"] = [0, 0]
    assert "z" not in shallow
    assert nested.zeros_like()["text"].tolist() == [None, None]
    assert nested.zeros_like()["y"].tolist() == [0, 0]
