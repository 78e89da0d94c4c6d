"""The choice between the eager and the compiled road: by configuration and machine, never by a clock.

The roads round differently, so a run keeps the road that it began on; which one that was is part of its checkpoints.
"""

from __future__ import annotations

import os
import shutil

import torch
from torch import nn

from mlkernel import UsageError
from mlkernel_rl.networks import MLP, Actor, Critic
from mlkernel_rl.rl_config import RlConfig

UPDATES_THAT_PAY = 12_000
"""Minibatch updates from which compiling pays even with a cold cache: it takes about half a minute of CPU time, and a
compiled update saves about two milliseconds."""

EAGER, COMPILED = "eager", "compiled"


def choose_road(
    config: RlConfig, actor: Actor, critic: Critic, loss_module: nn.Module, device: torch.device
) -> tuple[str, str]:
    """Return the road and the reason for it.

    :raises UsageError: compiling is demanded and there is no C++ compiler.
    """
    policy = config.torch.compile
    if is_torchrl(loss_module):
        return EAGER, "a TorchRL loss module"
    if not _holds(loss_module, actor) or not _holds(loss_module, critic):
        return EAGER, "a loss module that is not made of both actor and critic"
    if policy == "never":
        return EAGER, "torch.compile=never"
    compiler = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++")
    if policy == "always" and compiler is None:
        raise UsageError(
            "torch.compile=always: no C++ compiler was found", hint="Install g++, or use torch.compile=auto."
        )
    if policy == "always":
        return COMPILED, "torch.compile=always"
    return _weigh(config, actor.network, device, compiler)


def _weigh(
    config: RlConfig, network: nn.Module, device: torch.device, compiler: str | None
) -> tuple[str, str]:
    """Decide what ``torch.compile=auto`` leaves open."""
    if compiler is None:
        return EAGER, "no C++ compiler was found"
    if device.type != "cpu" or not isinstance(network, MLP):
        return EAGER, "only perceptrons on the CPU are compiled unasked"
    updates = config.iterations * config.epochs * config.minibatches
    road = COMPILED if updates >= UPDATES_THAT_PAY else EAGER
    return road, f"{updates} updates; compiling pays from {UPDATES_THAT_PAY}"


def _holds(loss_module: nn.Module, part: nn.Module) -> bool:
    """Tell whether all parameters of *part* are the loss module's, too: a graph takes them from there."""
    return {id(p) for p in part.parameters()} <= {id(p) for p in loss_module.parameters()}


def is_torchrl(module: nn.Module) -> bool:
    """Tell a TorchRL loss module without importing TorchRL: whoever made one has imported it."""
    return any(cls.__module__.startswith("torchrl.") for cls in type(module).__mro__)
