"""Who makes the loss module of a trainer that asks for one, and what it computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from mlkernel.run.run import Run
    from mlkernel.run.trainer import Trainer


class LossModuleHooks:
    """The making of a loss module."""

    @hookspec(firstresult=True)
    def make_loss_module(self, run: Run, trainer: Trainer, name: str | None) -> Any:
        """Make the loss module of *trainer*.

        The default looks *name* up among the components of the kind ``loss_module`` and calls its factory with the
        trainer; without a name it answers nothing, and the trainer uses its own.

        :param trainer: offers what its family documents, such as policy and value networks.
        :param name: what the configuration names, or ``None``.
        :returns: what the trainer's family documents; for ``TensorDictRlTrainer`` a loss module, or a pair of loss
            module and advantage estimator.
        """

    @hookspec
    def on_losses_computed(self, run: Run, losses: Mapping[str, float]) -> None:
        """Losses were brought to the host, at the trainer's logging interval.

        :param losses: mean values by name since the last call.
        """
