"""What a compiled graph depends on besides code and shapes, and what it returns."""

from __future__ import annotations

import inspect
from typing import Any

import attrs
import torch

from mlkernel_rl.engine_parts import EngineParts
from mlkernel_rl.environments.spaces import DiscreteActions

_NOT_IN_THE_GRAPH = {
    "iterations",
    "lr",
    "lr_schedule",
    "clip_schedule",
    "log_every",
    "evaluate_every",
    "evaluation_episodes",
    "test_episodes",
    "test_with",
    "record_episodes",
    "learning_curve",
}

_OF_EVERY_MODULE = {*vars(torch.nn.Module()), *vars(torch.nn.Module)}


def metric_names(parts: EngineParts) -> list[str]:
    """Return the sorted names of the loss module's entries, found by calling it on two empty transitions."""
    device, actions = parts.device, parts.environment.actions
    row = torch.zeros(2, device=device)
    action = (
        row.long() if isinstance(actions, DiscreteActions) else torch.zeros(2, actions.size, device=device)
    )
    names = ("log_prob", "value", "advantage", "value_target", "reward")
    batch = dict.fromkeys(names, row)
    batch["observation"] = torch.zeros(2, parts.environment.observation_size, device=device)
    batch["action"] = action
    with torch.no_grad():
        return sorted(parts.loss_module(batch))


def graph_key(parts: EngineParts) -> dict[str, Any]:
    """Return, as JSON values, what a graph depends on besides code and shapes.

    An object without a ``repr`` of its own shows its address there: such a graph is compiled in every process.
    """
    config = attrs.asdict(parts.config, filter=lambda field, _: field.name not in _NOT_IN_THE_GRAPH)
    owners: list[object] = [] if parts.choice.native is None else [parts.choice.native]
    for module in (parts.actor, parts.critic, parts.loss_module):
        owners += module.modules()
    return {
        "config": repr(config),
        "owners": [
            [type(owner).__module__, type(owner).__qualname__, _attributes(owner, parts.config)]
            for owner in owners
        ],
    }


def _attributes(owner: object, config: object) -> list[str]:
    """Return the attributes that code can bake into a graph: neither tensors nor modules, nor the trainer's config."""
    values = {**vars(type(owner)), **vars(owner)}
    baked = {
        name: value
        for name, value in values.items()
        if name not in _OF_EVERY_MODULE
        and not name.startswith("__")
        and value is not config
        and not isinstance(value, torch.nn.Module | torch.Tensor)
        and not inspect.isroutine(value)
    }
    return [f"{name}={value!r}" for name, value in sorted(baked.items())]
