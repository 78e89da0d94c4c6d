import json
import math
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mlkernel.checkpoint.numpy_codec import NumpyCodec
from mlkernel.checkpoint.state_tree import STATE_FILE, copy_state, load_state, save_state
from mlkernel.errors import CheckpointError

CODECS = {"numpy": NumpyCodec()}

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.binary(max_size=8)
)
array_types = (
    npst.boolean_dtypes()
    | npst.integer_dtypes(endianness="?")
    | npst.unsigned_integer_dtypes()
    | npst.floating_dtypes(endianness="?")
    | npst.complex_number_dtypes()
    | npst.unicode_string_dtypes(min_len=1, max_len=4)
    | npst.byte_string_dtypes(min_len=1, max_len=4)
    | npst.datetime64_dtypes()
)
arrays = npst.arrays(array_types, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
number_scalars = (npst.integer_dtypes() | npst.floating_dtypes() | npst.boolean_dtypes()).flatmap(
    lambda dtype: npst.arrays(dtype, ()).map(lambda array: array[()])
)
keys = st.text(max_size=4) | st.sampled_from(["$leaf", "$tuple", "$", "a.b", "a", "b", "x\0"])
any_keys = (
    keys | st.integers() | st.booleans() | st.none() | st.binary(max_size=3) | st.tuples(keys, st.integers())
)
trees = st.recursive(
    scalars | arrays | number_scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.dictionaries(any_keys, inner, max_size=3)
    ),
    max_leaves=8,
)


def are_equal(one, other):
    """Equal in value and in type, down to the leaves; NaN equals NaN and 0.0 is not -0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        # In order, and by type: True and 1 are one key to a dictionary.
        return len(one) == len(other) and all(
            map(are_equal, [*one, *one.values()], [*other, *other.values()])
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(are_equal, one, other))
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, float):
        return one.hex() == other.hex()
    return one == other


def round_trip(state, directory):
    save_state(state, directory, CODECS.get)
    return load_state(directory, CODECS.get)


@given(state=st.dictionaries(keys, trees, max_size=4))
@settings(max_examples=60)
def test_state_comes_back_equal_in_value_and_type(state, tmp_path_factory):
    assert are_equal(round_trip(state, tmp_path_factory.mktemp("state")), state)


@given(state=st.dictionaries(keys, trees, max_size=4))
@settings(max_examples=30)
def test_a_copy_is_equal(state):
    assert are_equal(copy_state(state, CODECS.get), state)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(2**20_000, id="2**20000"),
        pytest.param(-(2**20_000), id="-2**20000"),
        10**1200 + 1,
        math.nan,
        -math.inf,
        -0.0,
        5e-324,
        "\ud800 lone, \0 and \n",
        {"$leaf": ["numpy", "x"]},
        {"$int": "12"},
        {"plain": 1, "$marked": 2},
        {1: "a", "1": "b", (1, "x"): "c", None: "d", b"e": "e"},
        ((), [], {}, [()]),
    ],
    ids=repr,
)
def test_what_json_has_no_word_for(value, tmp_path):
    assert are_equal(round_trip({"value": value}, tmp_path), {"value": value})


def test_arrays_whose_paths_read_alike_are_not_mistaken_for_each_other(tmp_path):
    state = {
        "a": {"b": np.array(1), 1: np.array(2), "1": np.array(3)},
        "a.b": np.array(4),
        "a.b\0": np.array(5),
    }
    assert are_equal(round_trip(state, tmp_path), state)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["", "ab"]),
        np.array(b"xy"),
        np.array(3.5),
        np.zeros((0, 3)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6)[::-2],
        np.array([(1, 2.0)], dtype=[("n", "i4"), ("x", "f8")]),
        np.array("2026-01-31", dtype="datetime64[D]"),
        np.float32(0.1),
        np.str_("text"),
        np.datetime64("2026-01-31"),
    ],
    ids=lambda array: f"{type(array).__name__}-{array.dtype}-{array.shape}",
)
def test_numpy_dtypes_shapes_and_scalars(array, tmp_path):
    assert are_equal(round_trip({"array": array}, tmp_path)["array"], array)


@pytest.mark.parametrize(
    "value",
    [
        np.array([None, 1], dtype=object),
        np.ma.masked_array([1, 2], mask=[0, 1]),
        np.random.default_rng(0),
        np.dtype("i4"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_need_pickle_or_lose_something_is_refused_by_path(value, tmp_path):
    with pytest.raises(TypeError, match=r"state\.trainer\.buffer\[0\]"):
        save_state({"trainer": {"buffer": [value]}}, tmp_path, CODECS.get)


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), 1j, len, OrderedDict(a=object())], ids=lambda value: type(value).__name__
)
def test_a_type_without_a_codec_is_refused_by_path_when_saved_and_when_copied(value, tmp_path):
    with pytest.raises(TypeError, match=r"state\.thing.* is a .*which no state codec stores"):
        save_state({"thing": value}, tmp_path, CODECS.get)
    with pytest.raises(TypeError, match=r"state\.thing.* is a .*which no state codec stores"):
        copy_state({"thing": value}, CODECS.get)


def test_training_on_cannot_change_a_copy():
    state = {"list": [1, {"deep": [2]}], "array": np.zeros(2), "tuple": ([3],)}
    copied = copy_state(state, CODECS.get)
    state["list"][1]["deep"].append(9)
    state["array"] += 1
    state["tuple"][0].append(9)
    assert are_equal(copied, {"list": [1, {"deep": [2]}], "array": np.zeros(2), "tuple": ([3],)})


def test_reading_without_the_codec_that_wrote_names_it(tmp_path):
    save_state({"array": np.zeros(2)}, tmp_path, CODECS.get)
    with pytest.raises(CheckpointError, match="holds numpy values"):
        load_state(tmp_path, lambda _name: None)


def test_nothing_in_a_checkpoint_is_a_pickle(tmp_path):
    save_state({"array": np.array(["a"]), "bytes": b"x", "plain": [1]}, tmp_path, CODECS.get)
    json.loads((tmp_path / STATE_FILE).read_text())
    with np.load(tmp_path / "numpy.npz", allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)
