"""Calling a graph that the compiler built as a shared library, without importing the compiler.

This is what the compiler's own Python wrapper does; importing that wrapper takes longer than many a training run.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor
from torch._C import _aoti, _dynamo

ENTRY = "inductor_entry_cpp"

GraphFunction = Callable[..., tuple[Tensor, ...]]


def load_library(path: Path, order: list[int]) -> GraphFunction:
    """Return the graph in the shared library *path* as a function.

    :param path: built by torch's compiler with its C++ wrapper, for exactly this version of torch.
    :param order: which of the function's arguments the graph takes, in its order.
    """
    # The library's initialiser reads where torch finds a tensor's memory from the environment.
    address = getattr(_dynamo.guards, "_torchinductor_pyobject_tensor_data_ptr")  # noqa: B009 - private to torch, and needed
    os.environ["_TORCHINDUCTOR_PYOBJECT_TENSOR_DATA_PTR"] = str(address)
    specification = importlib.util.spec_from_file_location(f"{path.stem}.{ENTRY}", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return _as_function(getattr(module, ENTRY), order)


def _as_function(entry: Callable[[Any], Any], order: list[int]) -> GraphFunction:
    to_handles = _aoti.unsafe_alloc_void_ptrs_from_tensors
    to_tensors = _aoti.alloc_tensors_by_stealing_from_void_ptrs

    def graph(*arguments: Tensor) -> tuple[Tensor, ...]:
        return tuple(to_tensors(entry(to_handles([arguments[index] for index in order]))))

    return graph
