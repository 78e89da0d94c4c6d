"""Options of the trainer, in a module that imports no torch."""

from attrs import frozen

from mlkernel import option
from mlkernel_rl import RlConfig


@frozen(kw_only=True)
class ReinforceConfig(RlConfig):
    """One pass over each rollout, with whole returns: that is REINFORCE."""

    loss_module: str | None = option("reinforce", help="Name of the loss module.")
    epochs: int = option(1, help="Passes over each rollout.")
    steps: int = option(128, help="Steps of each environment in one rollout.")
    lr: float = option(3e-3, help="Learning rate of Adam.")
    gae_lambda: float = option(1.0, help="1 gives whole returns.")
