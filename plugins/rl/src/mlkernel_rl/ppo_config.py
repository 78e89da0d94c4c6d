"""The configuration of PPO. Imports no torch."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge, gt

from mlkernel import option
from mlkernel_rl.rl_config import RlConfig


@frozen(kw_only=True)
class PPOConfig(RlConfig):
    """PPO (Schulman et al. 2017); the defaults learn CartPole-v1."""

    surrogate: Literal["clip", "kl"] = option(
        "clip", help="Clipped surrogate (eq. 7), or KL penalty (eq. 8)."
    )
    clip_epsilon: float = option(0.2, help="Epsilon of eq. 7.", validator=gt(0))
    clip_schedule: Literal["constant", "linear"] = option(
        "linear", help="How epsilon falls to zero, if it does."
    )
    initial_beta: float = option(
        1.0, help="First weight of the KL penalty, eq. 8; it adapts itself.", validator=gt(0)
    )
    target_kl: float = option(
        0.01, help="d_targ of section 4, in nats: the divergence that the weight aims at.", validator=gt(0)
    )
    value_coefficient: float = option(0.5, help="c1 of eq. 9.", validator=ge(0))
    entropy_coefficient: float = option(0.0, help="c2 of eq. 9.", validator=ge(0))
    clip_value: bool = option(False, help="Clip the change of the value function by epsilon, too.")
    normalise_advantage: bool = option(True, help="Standardise advantages within each minibatch.")
