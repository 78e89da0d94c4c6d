"""How tensors lie in a checkpoint: one safetensors file, bit for bit, never pickled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


class TensorCodec:
    """Stores dense tensors of any shape and type; they come back on the CPU, without gradients.

    A state is given to a module or optimiser, whose ``load_state_dict`` brings it to the device it needs.
    """

    name = "torch"

    def save(self, leaves: Mapping[str, Any], directory: Path) -> None:
        """Write *leaves*, tensors by their place in the state, into *directory*.

        :raises TypeError: for what is not a dense tensor, naming its place.
        :raises OSError: when the disk is full or refuses to be written.
        """
        write_tensors(
            {place: as_tensor(place, leaf) for place, leaf in leaves.items()}, directory / "torch.safetensors"
        )

    def load(self, directory: Path) -> dict[str, Tensor]:
        """Return what :meth:`save` wrote."""
        return read_tensors(directory / "torch.safetensors")

    def copy(self, leaf: Tensor) -> Tensor:
        """Return a copy on the CPU that later training cannot change."""
        return leaf.detach().to("cpu", copy=True)


def as_tensor(place: str, leaf: object) -> Tensor:
    """Return *leaf* as safetensors wants it: on the CPU, contiguous, without gradients.

    :raises TypeError: when it is no dense tensor.
    """
    if not isinstance(leaf, Tensor):
        raise TypeError(
            f"{place}: a {type(leaf).__name__} of torch cannot be stored; keep tensors and plain values"
        )
    if leaf.layout != torch.strided or leaf.is_meta or leaf.is_quantized:
        layout = "meta" if leaf.is_meta else "quantized" if leaf.is_quantized else str(leaf.layout)
        raise TypeError(f"{place}: a tensor that is {layout} cannot be stored; keep a dense one")
    return leaf.detach().cpu().resolve_conj().resolve_neg().contiguous()


def write_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Write contiguous CPU tensors by name.

    Complex numbers are stored as pairs of reals, because the format has only one of the two complex types; which
    they are is said in the file's metadata.
    """
    if "__metadata__" in tensors:
        raise ValueError(
            "'__metadata__' is the one name that safetensors keeps for itself; call the tensor otherwise"
        )
    complex_names = [name for name, tensor in tensors.items() if tensor.is_complex()]
    stored = {name: torch.view_as_real(t) if t.is_complex() else t for name, t in tensors.items()}
    try:
        save_file(
            _without_shared_memory(stored), path, metadata=dict.fromkeys(complex_names, "complex") or None
        )
    except SafetensorError as error:
        raise _as_os_error(error, path) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors that :func:`write_tensors` wrote, by name, on the CPU."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    return {name: torch.view_as_complex(t) if name in metadata else t for name, t in tensors.items()}


def _without_shared_memory(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors whose memory another one has, such as tied weights; safetensors refuses to write it twice."""
    seen: set[int] = set()
    result = {}
    for name, tensor in tensors.items():
        address = tensor.untyped_storage().data_ptr()
        result[name] = tensor.clone() if address in seen else tensor
        seen.add(address)
    return result


def _as_os_error(error: SafetensorError, path: Path) -> OSError:
    """Give a failed write the class and number that everyone else's has; safetensors tells it only in its message."""
    number = re.search(r"os error (\d+)", str(error))
    return OSError(int(number[1]), str(error), str(path)) if number else OSError(str(error))
