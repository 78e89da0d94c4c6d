"""A trainer that notes what its contexts make of torch."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

import torch
from attrs import frozen
from torch.backends.cuda import flash_sdp_enabled, math_sdp_enabled

from mlkernel import option
from mlkernel_torch import TensorDictTrainer, TorchConfig


@frozen(kw_only=True)
class ContextConfig:
    """Options of the trainer."""

    torch: TorchConfig = option(factory=TorchConfig, help="How torch is used.")


class ContextTrainer(TensorDictTrainer):
    """Trains nothing."""

    Config: ClassVar[type[Any] | None] = ContextConfig

    def train(self) -> None:
        self.run.note("dtype", str(self.dtype))
        self.run.note("device", str(self.device))
        with ExitStack() as stack:
            self._build_train_context(stack)
            self.run.note("train", self.facts())
        with ExitStack() as stack:
            self._build_test_context(stack)
            self.run.note("test", self.facts())

    def facts(self) -> dict[str, Any]:
        return {
            "gradients": torch.is_grad_enabled(),
            "threads": torch.get_num_threads(),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "product": str((torch.ones(2, 2) @ torch.ones(2, 2)).dtype),
            "plain attention only": math_sdp_enabled() and not flash_sdp_enabled(),
        }
