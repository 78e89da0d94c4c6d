"""The choice of a device by its configured name."""

from __future__ import annotations

import torch

from mlkernel import UsageError


def choose_device(name: str) -> torch.device:
    """Return the device that *name* stands for: ``"cpu"``, ``"cuda"``, ``"cuda:N"``, or ``"auto"``.

    :raises UsageError: when this machine has no such device.
    """
    cuda_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda", 0) if cuda_devices else torch.device("cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= cuda_devices:
        raise UsageError(
            f"device {name!r}: {_cuda_inventory(cuda_devices)}", hint="set torch.device=cpu, or auto"
        )
    return torch.device("cuda", device.index or 0) if device.type == "cuda" else device


def _cuda_inventory(devices: int) -> str:
    if devices:
        return f"this machine has CUDA devices 0 to {devices - 1}"
    if torch.version.cuda is None:
        return f"torch {torch.__version__} was built without CUDA"
    return "torch finds no CUDA device on this machine"
