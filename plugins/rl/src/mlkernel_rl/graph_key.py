"""What a compiled graph depends on besides code and shapes, and what it returns."""

from __future__ import annotations

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
    """Return, as JSON values, what a graph depends on besides code and shapes."""
    config = attrs.asdict(parts.config, filter=lambda field, _: field.name not in _NOT_IN_THE_GRAPH)
    modules = (parts.actor, parts.critic, parts.loss_module)
    return {
        "config": repr(config),
        "environment": repr(_plain_attributes(parts.choice.native or parts.environment)),
        "modules": [
            [type(m).__module__, type(m).__qualname__, repr(m), repr(_plain_attributes(m))] for m in modules
        ],
    }


def _plain_attributes(owner: object) -> list[tuple[str, Any]]:
    plain = (bool, int, float, str, tuple)
    values = {**vars(type(owner)), **vars(owner)}
    return sorted((k, v) for k, v in values.items() if isinstance(v, plain) and not k.startswith("__"))
