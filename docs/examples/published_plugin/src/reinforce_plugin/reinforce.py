"""REINFORCE with a baseline (Williams 1992, section 5)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn

from mlkernel import ProgressBar, Run, hookimpl
from mlkernel_rl import TensorDictRlTrainer
from reinforce_plugin.dots import Dots

if TYPE_CHECKING:
    from reinforce_plugin.reinforce_config import ReinforceConfig


class ReinforceLoss(nn.Module):
    """Minus the log-probability of each action, weighted by how much better than the baseline it turned out."""

    def __init__(self, trainer: TensorDictRlTrainer) -> None:
        super().__init__()
        self.actor = trainer.actor
        self.critic = trainer.critic

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        log_prob = self.actor(batch["observation"]).log_prob(batch["action"])
        advantage = (batch["advantage"] - batch["advantage"].mean()) / (batch["advantage"].std() + 1e-8)
        value_error = (self.critic(batch["observation"]) - batch["value_target"]) ** 2
        return {"loss_policy": -(log_prob * advantage).mean(), "loss_value": 0.5 * value_error.mean()}


class Reinforce(TensorDictRlTrainer):
    """Finds its loss module by name, and shows dots unless another progress bar is asked for."""

    config: "ReinforceConfig"

    @hookimpl
    def make_progress_bar(self, run: Run, name: str) -> ProgressBar | None:
        return Dots(run) if name == "auto" else None
