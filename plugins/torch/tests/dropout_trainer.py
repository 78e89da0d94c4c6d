"""A trainer that draws from torch's own generator wherever one can: while it is built, between loops, and in them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

import torch
from attrs import frozen
from torch import nn

from mlkernel import IterationContext, Run, attach_progress_bar, option
from mlkernel_torch import TensorDictTrainer, TorchConfig


@frozen(kw_only=True)
class DropoutConfig:
    """Options of the trainer."""

    torch: TorchConfig = option(factory=TorchConfig, help="How torch is used.")


class DropoutTrainer(TensorDictTrainer):
    """Fits noise through dropout."""

    Config: ClassVar[type[Any] | None] = DropoutConfig

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.network = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1)).to(
            self.device, self.dtype
        )
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1, momentum=0.9)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, 0.9)

    def train(self) -> None:
        with ExitStack() as stack:
            self._build_train_context(stack)
            self._run_warm_up_loop()
            self._run_train_loop()

    @attach_progress_bar(lambda self: 2)
    def _run_warm_up_loop(self, iteration_context: IterationContext) -> None:
        for iteration in iteration_context:
            iteration.log(draw=torch.rand(()).item())

    @attach_progress_bar(lambda self: 3)
    def _run_train_loop(self, iteration_context: IterationContext) -> None:
        for iteration in iteration_context:
            loss = self.network(torch.randn(16, 4, dtype=self.dtype)).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            iteration.log(loss=loss.item(), learning_rate=self.schedule.get_last_lr()[0])
