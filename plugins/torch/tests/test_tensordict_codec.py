"""TensorDicts come back from a checkpoint with their tensors, structure and other entries."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tensordict import NonTensorData, TensorDict, lazy_stack

from mlkernel_torch.tensordict_codec import TensorDictCodec


def store(leaf: TensorDict, directory: Path) -> TensorDict:
    codec = TensorDictCodec()
    codec.save({"buffer": leaf}, directory)
    return codec.load(directory)["buffer"]


def rollout() -> TensorDict:
    return TensorDict(
        {
            "observation": torch.arange(8, dtype=torch.bfloat16).reshape(2, 2, 2),
            "next": TensorDict({"done": torch.tensor([[True, False], [False, True]])}, [2, 2]),
            "empty": TensorDict({}, [2, 2]),
            "episode": NonTensorData({"name": "first", "lengths": [1, 2]}, batch_size=[2, 2]),
        },
        batch_size=[2, 2],
        names=["environment", "time"],
    )


def test_tensors_structure_and_other_entries_come_back(tmp_path: Path) -> None:
    original, loaded = rollout(), store(rollout(), tmp_path)
    assert set(loaded.keys(include_nested=True)) == set(original.keys(include_nested=True))
    assert loaded.batch_size == original.batch_size
    assert loaded.names == original.names
    assert loaded["observation"].dtype == torch.bfloat16
    assert (loaded == original).all()
    assert loaded["episode"] == original["episode"]


def test_an_empty_tensordict_comes_back(tmp_path: Path) -> None:
    assert store(TensorDict({}, [3]), tmp_path).batch_size == torch.Size([3])


def test_a_copy_does_not_follow_the_original() -> None:
    original = rollout()
    copy = TensorDictCodec().copy(original)
    original["observation"].zero_()
    assert copy["observation"].sum() == torch.arange(8).sum()


def test_a_lazy_stack_is_refused_with_what_to_do(tmp_path: Path) -> None:
    ragged = lazy_stack([TensorDict({"a": torch.ones(2)}, []), TensorDict({"a": torch.ones(3)}, [])])
    with pytest.raises(TypeError, match=r"buffer: .*to_tensordict"):
        TensorDictCodec().save({"buffer": ragged}, tmp_path)


def test_an_entry_that_is_no_plain_value_is_refused_by_its_place(tmp_path: Path) -> None:
    leaf = TensorDict({"inner": TensorDict({"model": NonTensorData(object())})})
    with pytest.raises(TypeError, match="buffer/inner/model"):
        TensorDictCodec().save({"buffer": leaf}, tmp_path)
