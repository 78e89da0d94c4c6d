"""What a loss module is to the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

Batch = Mapping[str, Tensor]
Metrics = Mapping[str, Tensor]


def total_loss(entries: Metrics) -> Tensor:
    """Return the sum of the entries whose names start with ``loss_``; that is what is minimised.

    :raises ValueError: there is no such entry.
    """
    losses = [value for name, value in entries.items() if name.startswith("loss_")]
    if not losses:
        raise ValueError(
            f"the loss module returned {_listed(entries)}; at least one entry named loss_... is needed"
        )
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
