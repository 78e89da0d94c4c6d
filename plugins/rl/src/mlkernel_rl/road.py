"""The choice between the eager and the compiled road: a function of the configuration and the machine, never of a clock.

The roads round differently, so a run keeps the road that it began on; which one that was is part of its checkpoints.
"""

from __future__ import annotations

import os
import shutil

import torch
from torch import nn

from mlkernel import UsageError
from mlkernel_rl.networks import MLP
from mlkernel_rl.rl_config import RlConfig

UPDATES_THAT_PAY = 12_000
"""Minibatch updates from which compiling pays even with a cold cache: it takes about half a minute of CPU time, and a
compiled update saves about two milliseconds."""

EAGER, COMPILED = "eager", "compiled"


def choose_road(config: RlConfig, actor_network: nn.Module, device: torch.device) -> tuple[str, str]:
    """Return the road and the reason for it.

    Raises:
        UsageError: compiling is demanded and there is no C++ compiler.
    """
    policy = config.torch.compile
    if policy == "never":
        return EAGER, "torch.compile=never"
    compiler = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++")
    if policy == "always":
        if compiler is None:
            raise UsageError(
                "torch.compile=always: no C++ compiler was found", hint="Install g++, or use torch.compile=auto."
            )
        return COMPILED, "torch.compile=always"
    if compiler is None:
        return EAGER, "no C++ compiler was found"
    if device.type != "cpu" or not isinstance(actor_network, MLP):
        return EAGER, "torch.compile=auto compiles perceptrons on the CPU"
    updates = config.iterations * config.epochs * config.minibatches
    if updates < UPDATES_THAT_PAY:
        return EAGER, f"{updates} updates; compiling pays from {UPDATES_THAT_PAY}"
    return COMPILED, f"{updates} updates; compiling pays from {UPDATES_THAT_PAY}"
