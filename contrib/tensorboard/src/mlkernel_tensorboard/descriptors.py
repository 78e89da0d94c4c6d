"""The component of this package, told without importing TensorBoard."""

from __future__ import annotations

from mlkernel import Descriptor

tensorboard = Descriptor(
    name="tensorboard",
    summary="Event files that tensorboard --logdir shows.",
    factory="mlkernel_tensorboard.tensorboard_tracker:TensorboardTracker",
    config="mlkernel_tensorboard.tensorboard_config:TensorboardConfig",
    needs=("tensorboard",),
)
