"""The process-wide settings of torch that a configuration asks for, and contexts that hold them for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from mlkernel_torch.torch_config import TorchConfig


def apply_settings(config: TorchConfig) -> None:
    """Set threads and determinism for the whole process."""
    torch.set_num_threads(config.threads)
    _set_deterministic(config.deterministic)


@contextmanager
def settings(config: TorchConfig) -> Iterator[None]:
    """Hold the settings of *config*, then restore those that were there before."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    apply_settings(config)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        _set_deterministic(deterministic)


def attention_kernels(device: torch.device, *, deterministic: bool) -> AbstractContextManager[None]:
    """Restrict scaled dot-product attention to the kernels that suit *device*.

    On the CPU, and wherever determinism is asked for, the plain kernel: the only one that can be differentiated twice
    and vectorised with ``torch.vmap``. On CUDA the fast ones before it.
    """
    if device.type != "cuda" or deterministic:
        return sdpa_kernel([SDPBackend.MATH])
    return sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.MATH])


def _set_deterministic(wanted: bool) -> None:
    if wanted:
        # cuBLAS reads this when it starts, and without it has no deterministic matrix product.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # The switch imports the compiler, more than a second of CPU time, even where it changes nothing.
    if torch.are_deterministic_algorithms_enabled() != wanted:
        torch.use_deterministic_algorithms(wanted)
