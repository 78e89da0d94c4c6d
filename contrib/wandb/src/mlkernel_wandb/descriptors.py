"""The component of this package, told without importing W&B."""

from __future__ import annotations

from mlkernel import Descriptor

wandb = Descriptor(
    name="wandb",
    summary="Offline runs of Weights & Biases, which wandb sync uploads.",
    factory="mlkernel_wandb.wandb_tracker:WandbTracker",
    config="mlkernel_wandb.wandb_config:WandbConfig",
    needs=("wandb",),
)
