"""A supervised classifier with a training loop of its own: it tells on which of three spirals a point lies.

    kernel run --trainer ./spiral_classifier.py:SpiralClassifier learning_rate=3e-3

Everything that is special to it is on this page. Progress, metrics, checkpoints, seeds, resuming and the command line
come from the kernel; device, types and threads from ``TensorDictTrainer``.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar

import torch
from attrs import frozen
from attrs.validators import gt
from torch import Tensor, nn
from torch.nn import functional

from mlkernel import IterationContext, attach_progress_bar, option
from mlkernel_torch import TensorDictTrainer, TorchConfig, compile_when_it_pays, torch_generator

if TYPE_CHECKING:
    from mlkernel import Run

CLASSES = 3


@frozen(kw_only=True)
class SpiralConfig:
    """Options of the spiral classifier."""

    epochs: int = option(40, help="Passes over the training points.", validator=gt(0))
    points: int = option(600, help="Training points, and as many test points.", validator=gt(0))
    noise: float = option(0.05, help="Standard deviation of the points around their spiral.")
    hidden: int = option(64, help="Width of the two hidden layers.", validator=gt(0))
    batch_size: int = option(50, help="Points in a minibatch.", validator=gt(0))
    learning_rate: float = option(3e-3, help="Step size of Adam.", validator=gt(0))
    torch: TorchConfig = option(factory=TorchConfig, help="How torch is used.")


class SpiralClassifier(TensorDictTrainer):
    """Trains a small network on generated points and reports its accuracy on others."""

    Config: ClassVar[type] = SpiralConfig
    config: SpiralConfig

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        data_generator = torch_generator(run, "data")
        self.train_set = self._draw_points(data_generator)
        self.test_set = self._draw_points(data_generator)
        self.order_generator = torch_generator(run, "order")
        hidden = self.config.hidden
        self.network = nn.Sequential(
            nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, CLASSES)
        ).to(self.device, self.dtype)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=self.config.learning_rate)
        updates = self.config.epochs * math.ceil(self.config.points / self.config.batch_size)
        self.loss = compile_when_it_pays(self._loss, policy=self.torch_config.compile, calls=updates)

    def train(self) -> None:
        """Fit the network, then measure its accuracy on points that it has not seen."""
        with ExitStack() as stack:
            self._build_train_context(stack)
            self._run_train_loop()
        with ExitStack() as stack:
            self._build_test_context(stack)
            self._run_test_loop()

    @attach_progress_bar(lambda self: self.config.epochs)
    def _run_train_loop(self, iteration_context: IterationContext) -> None:
        iteration_context.set_description("Training")
        for iteration in iteration_context:
            losses = [self._update(points, labels) for points, labels in self._minibatches()]
            iteration.log(loss=torch.stack(losses).mean().item())

    @attach_progress_bar(lambda self: 1)
    def _run_test_loop(self, iteration_context: IterationContext) -> None:
        iteration_context.set_description("Testing")
        for iteration in iteration_context:
            points, labels = self.test_set
            accuracy = (self.network(points).argmax(dim=1) == labels).double().mean().item()
            iteration.log(accuracy=accuracy)
            self.run.report("accuracy", accuracy)

    def _update(self, points: Tensor, labels: Tensor) -> Tensor:
        """Take one step of Adam on *points* [B, 2] and *labels* [B]; return the loss, a scalar."""
        loss = self.loss(points, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _loss(self, points: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(self.network(points), labels)

    def _minibatches(self) -> list[tuple[Tensor, Tensor]]:
        points, labels = self.train_set
        order = torch.randperm(len(points), generator=self.order_generator).to(self.device)
        return [(points[index], labels[index]) for index in order.split(self.config.batch_size)]

    def _draw_points(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return points [N, 2] and the numbers of their spirals [N]."""
        count = self.config.points
        labels = torch.randint(CLASSES, (count,), generator=generator)
        radius = torch.rand(count, generator=generator)
        angle = 2 * math.pi * (radius * 0.75 + labels / CLASSES)
        noise = self.config.noise * torch.randn(count, 2, generator=generator)
        points = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1) + noise
        return points.to(self.device, self.dtype), labels.to(self.device)
