"""Tensors come back from a checkpoint as they went in, to the bit."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mlkernel_torch.tensor_codec import TensorCodec

DTYPES = [
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.complex64,
    torch.complex128, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16,
]  # fmt: skip


def same_bits(left: Tensor, right: Tensor) -> bool:
    """Equal in type, shape and memory, so that NaN equals itself and -0.0 does not equal 0.0."""

    def memory(tensor: Tensor) -> list[int]:
        return tensor.contiguous().reshape(-1).view(torch.uint8).tolist()

    return left.dtype == right.dtype and left.shape == right.shape and memory(left) == memory(right)


def store(leaves: dict[str, Tensor], directory: Path) -> dict[str, Tensor]:
    codec = TensorCodec()
    codec.save(leaves, directory)
    return codec.load(directory)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    count = torch.Size(shape).numel() * dtype.itemsize
    memory = draw(st.binary(min_size=count, max_size=count))
    if dtype == torch.bool:
        memory = bytes(byte % 2 for byte in memory)
    flat = torch.tensor(list(memory), dtype=torch.uint8).view(dtype)
    tensor = flat.reshape(shape)
    return tensor.transpose(0, -1) if len(shape) > 1 and draw(st.booleans()) else tensor


@hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(leaves=st.dictionaries(st.text(max_size=12).map("state.{}".format), tensors(), max_size=5))
def test_every_tensor_comes_back_bit_for_bit(leaves: dict[str, Tensor], tmp_path: Path) -> None:
    loaded = store(leaves, tmp_path)
    assert loaded.keys() == leaves.keys()
    assert all(same_bits(loaded[name], leaf) for name, leaf in leaves.items())


def test_every_dtype_is_among_those_tested_as_a_scalar(tmp_path: Path) -> None:
    leaves = {str(dtype): torch.ones((), dtype=torch.float32).to(dtype) for dtype in DTYPES}
    loaded = store(leaves, tmp_path)
    assert all(same_bits(loaded[name], leaf) for name, leaf in leaves.items())


def test_tied_weights_views_and_conjugates_are_stored(tmp_path: Path) -> None:
    weight = torch.arange(12.0).reshape(3, 4)
    leaves = {"weight": weight, "tied": weight, "row": weight[1], "conjugate": torch.tensor([1 + 2j]).conj()}
    loaded = store(leaves, tmp_path)
    assert all(torch.equal(loaded[name], leaf) for name, leaf in leaves.items())


def test_a_parameter_is_stored_without_its_gradient(tmp_path: Path) -> None:
    loaded = store({"p": nn.Parameter(torch.ones(2))}, tmp_path)["p"]
    assert type(loaded) is Tensor
    assert not loaded.requires_grad


def test_a_loaded_tensor_may_be_written_to(tmp_path: Path) -> None:
    loaded = store({"x": torch.zeros(3)}, tmp_path)["x"]
    loaded += 1
    assert torch.equal(store({"x": loaded}, tmp_path)["x"], torch.ones(3))


def test_a_copy_does_not_follow_the_original() -> None:
    original = nn.Parameter(torch.zeros(3))
    copy = TensorCodec().copy(original)
    with torch.no_grad():
        original += 1
    assert torch.equal(copy, torch.zeros(3))


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (torch.zeros(3).to_sparse(), "torch.sparse_coo"),
        (torch.empty(3, device="meta"), "meta"),
        (torch.Generator(), "Generator"),
        (torch.float32, "dtype"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_its_place(leaf: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=f"trainer/buffer: .*{reason}"):
        TensorCodec().save({"trainer/buffer": leaf}, tmp_path)


def test_the_name_that_the_format_reserves_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="__metadata__"):
        TensorCodec().save({"__metadata__": torch.zeros(1)}, tmp_path)


def test_a_write_that_fails_is_an_os_error_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="os error") as caught:
        TensorCodec().save({"x": torch.zeros(1)}, tmp_path / "missing")
    assert caught.value.errno == errno.ENOENT
