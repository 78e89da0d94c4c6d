"""The eager minibatch update: autograd on the loss module, then clipping and Adam on one flat vector of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mlkernel_rl.adam import AdamSettings
from mlkernel_rl.losses import Batch, Metrics, total_loss


class FlatParameters:
    """All trainable parameters of a module as views of one vector: one kernel call then changes them all."""

    def __init__(self, module: nn.Module) -> None:
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self.vector = torch.cat([p.detach().reshape(-1) for p in self.parameters])
        offset = 0
        for parameter in self.parameters:
            view = self.vector[offset : offset + parameter.numel()].view_as(parameter)
            parameter.data = view
            offset += parameter.numel()

    def gradient(self, loss: Tensor) -> Tensor:
        """Return the gradient of *loss* as one vector; a parameter that the loss does not reach has a zero one."""
        gradients = torch.autograd.grad(loss, self.parameters, materialize_grads=True)
        return torch.cat([gradient.reshape(-1) for gradient in gradients])


class EagerUpdate:
    """Minibatch gradient descent with Adam (Kingma and Ba 2015, algorithm 1) and a bound on the gradient's norm."""

    def __init__(self, loss_module: nn.Module, adam: AdamSettings) -> None:
        self._loss_module = loss_module
        self._adam = adam
        self._parameters = FlatParameters(loss_module)
        self._first_moment = torch.zeros_like(self._parameters.vector)
        self._second_moment = torch.zeros_like(self._parameters.vector)
        self._updates = 0

    def __call__(self, batch: Batch, minibatches: Tensor, learning_rate: float) -> dict[str, Tensor]:
        """Make one update per row of *minibatches*: indices [U, M], or [U, 0] for U updates on the whole batch.

        :returns: the loss module's entries, stacked: [U] each.
        """
        history: list[Metrics] = []
        for indices in minibatches:
            entries = self._loss_module(select(batch, indices))
            self._descend(self._parameters.gradient(total_loss(entries)), learning_rate)
            history.append({name: value.detach() for name, value in entries.items()})
        return {name: torch.stack([entries[name] for entries in history]) for name in history[0]}

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's state."""
        return {"first": self._first_moment, "second": self._second_moment, "updates": self._updates}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the optimiser's state."""
        self._first_moment.copy_(state["first"])
        self._second_moment.copy_(state["second"])
        self._updates = int(state["updates"])

    def _descend(self, gradient: Tensor, learning_rate: float) -> None:
        adam, first, second = self._adam, self._first_moment, self._second_moment
        self._updates += 1
        norm = torch.linalg.vector_norm(gradient)
        gradient.mul_((adam.max_grad_norm / (norm + 1e-6)).clamp_(max=1.0))
        first.lerp_(gradient, 1 - adam.beta1)
        second.mul_(adam.beta2).addcmul_(gradient, gradient, value=1 - adam.beta2)
        correction1, correction2 = 1 - adam.beta1**self._updates, 1 - adam.beta2**self._updates
        denominator = second.sqrt().mul_(correction2**-0.5).add_(adam.epsilon)
        self._parameters.vector.addcdiv_(first, denominator, value=-learning_rate / correction1)


def select(batch: Batch, indices: Tensor) -> Batch:
    """Return the rows *indices* [M] of every tensor; no indices mean the whole batch, which need not be copied."""
    if indices.numel() == 0:
        return batch
    if not isinstance(batch, dict):
        rows: Any = batch  # a TensorDict selects rows by itself
        chosen: Batch = rows[indices]
        return chosen
    return {name: value[indices] for name, value in batch.items()}
