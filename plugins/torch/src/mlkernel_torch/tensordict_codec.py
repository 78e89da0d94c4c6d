"""How TensorDicts lie in a checkpoint: their tensors in a safetensors file, their structure beside it in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tensordict import NonTensorData, TensorDict, TensorDictBase, is_non_tensor
from torch import Tensor

from mlkernel_torch.tensor_codec import as_tensor, read_tensors, write_tensors


class TensorDictCodec:
    """Stores TensorDicts, nested ones too, with batch size, dimension names and JSON-like other entries.

    They come back on the CPU and without a device of their own.
    """

    name = "tensordict"

    def save(self, leaves: Mapping[str, Any], directory: Path) -> None:
        """Write *leaves*, TensorDicts by their place in the state, into *directory*.

        :raises TypeError: for an entry that cannot be stored, naming its place.
        :raises OSError: when the disk is full or refuses to be written.
        """
        tensors: dict[str, Tensor] = {}
        structure = {place: _describe(place, leaf, tensors) for place, leaf in leaves.items()}
        write_tensors(tensors, directory / "tensordict.safetensors")
        (directory / "tensordict.json").write_text(json.dumps(structure), encoding="utf-8")

    def load(self, directory: Path) -> dict[str, TensorDict]:
        """Return what :meth:`save` wrote."""
        tensors = read_tensors(directory / "tensordict.safetensors")
        structure = json.loads((directory / "tensordict.json").read_text(encoding="utf-8"))
        return {place: _rebuild(description, tensors) for place, description in structure.items()}

    def copy(self, leaf: TensorDictBase) -> TensorDictBase:
        """Return a copy on the CPU that later training cannot change."""
        return leaf.detach().clone().to("cpu").clear_device_()

    def sample_leaves(self) -> dict[str, TensorDict]:
        """Return leaves for the conformance checks, which cannot make TensorDicts themselves."""
        step = TensorDict({"reward": torch.arange(2.0), "note": NonTensorData("first")}, batch_size=[2])
        return {
            "step": step,
            "nested": TensorDict({"next": step}, batch_size=[2]),
            "empty": TensorDict({}, batch_size=[3]),
        }


def _describe(place: str, leaf: TensorDictBase, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Return the structure of *leaf* as JSON values and put its tensors, numbered, into *tensors*."""
    if not isinstance(leaf, TensorDict):
        raise TypeError(f"{place}: a {type(leaf).__name__} cannot be stored; keep its .to_tensordict()")
    entries: dict[str, Any] = {}
    for key, value in leaf.items():
        if isinstance(value, Tensor):
            number = str(len(tensors))
            tensors[number] = as_tensor(f"{place}/{key}", value)
            entries[key] = {"tensor": number}
        elif is_non_tensor(value):
            entries[key] = {"value": _json_value(f"{place}/{key}", value)}
        else:
            entries[key] = {"tensordict": _describe(f"{place}/{key}", value, tensors)}
    names = list(leaf.names) if any(leaf.names) else None
    return {"batch_size": list(leaf.batch_size), "names": names, "entries": entries}


def _rebuild(description: dict[str, Any], tensors: dict[str, Tensor]) -> TensorDict:
    batch_size = description["batch_size"]
    entries: dict[str, Any] = {}
    for key, entry in description["entries"].items():
        if "tensor" in entry:
            entries[key] = tensors[entry["tensor"]]
        elif "value" in entry:
            entries[key] = NonTensorData(entry["value"], batch_size=batch_size)
        else:
            entries[key] = _rebuild(entry["tensordict"], tensors)
    return TensorDict(entries, batch_size=batch_size, names=description["names"])


def _json_value(place: str, value: Any) -> Any:
    data = value.data if isinstance(value, NonTensorData) else value
    try:
        same = json.loads(json.dumps(data)) == data
    except (TypeError, ValueError):
        same = False
    if not same:
        raise TypeError(
            f"{place}: a {type(data).__name__} cannot be stored; keep tensors, text, numbers, lists, dicts"
        )
    return data
