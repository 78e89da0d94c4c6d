"""What a compiled update reads and writes: parameters, optimiser moments and buffers of the loss module, as dicts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mlkernel_rl.packing import Tensors


class LearnerState:
    """The tensors of a loss module and of Adam's moments, handed to a graph and updated from its results."""

    def __init__(self, loss_module: nn.Module, device: torch.device) -> None:
        named = dict(loss_module.named_parameters())
        self.parameters: Tensors = {n: p.detach() for n, p in named.items() if p.requires_grad}
        # A frozen parameter is to the graph what a buffer is: it goes in and does not come out.
        frozen = {n: p.detach() for n, p in named.items() if not p.requires_grad}
        self.buffers: Tensors = {**dict(loss_module.named_buffers()), **frozen}
        self.first_moment: Tensors = {n: torch.zeros_like(p) for n, p in self.parameters.items()}
        self.second_moment: Tensors = {n: torch.zeros_like(p) for n, p in self.parameters.items()}
        self.updates: Tensors = {"updates": torch.zeros((), device=device)}

    @property
    def groups(self) -> list[list[str]]:
        """Names for a :class:`~mlkernel_rl.packing.Packing` of what goes into the graph."""
        names = list(self.parameters)
        return [names, names, names, ["updates"], list(self.buffers)]

    def tensors(self) -> list[Tensors]:
        """Return what goes into the graph."""
        return [self.parameters, self.first_moment, self.second_moment, self.updates, self.buffers]

    def take(self, parameters: Tensors, first: Tensors, second: Tensors, updates: Tensors) -> None:
        """Take what came out of the graph. Parameters change in place, so that the modules have them."""
        torch._foreach_copy_(list(self.parameters.values()), list(parameters.values()))
        self.first_moment, self.second_moment, self.updates = first, second, updates

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's state; parameters and buffers belong to the modules."""
        return {"first": self.first_moment, "second": self.second_moment, "updates": self.updates["updates"]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        for name in self.parameters:
            self.first_moment[name] = _like(state["first"][name], self.parameters[name])
            self.second_moment[name] = _like(state["second"][name], self.parameters[name])
        self.updates["updates"] = _like(state["updates"], self.updates["updates"])


def _like(value: Tensor, example: Tensor) -> Tensor:
    return value.to(device=example.device, dtype=example.dtype, copy=True)
