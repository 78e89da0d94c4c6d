"""PyTorch for mlkernel. Names are imported when they are first used, so that configurations stay free of torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkernel_torch.compile_policy import compile_when_it_pays
    from mlkernel_torch.device import choose_device
    from mlkernel_torch.generators import torch_generator
    from mlkernel_torch.tensordict_trainer import TensorDictTrainer
    from mlkernel_torch.torch_config import TorchConfig

__all__ = ["TensorDictTrainer", "TorchConfig", "choose_device", "compile_when_it_pays", "torch_generator"]

_MODULES = {
    "TensorDictTrainer": "tensordict_trainer",
    "TorchConfig": "torch_config",
    "choose_device": "device",
    "compile_when_it_pays": "compile_policy",
    "torch_generator": "generators",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
