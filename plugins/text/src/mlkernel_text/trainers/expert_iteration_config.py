"""The configuration of expert iteration."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge, gt

from mlkernel import option
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class ExpertIterationConfig(PureTextConfig):
    """Expert iteration; the defaults learn the game of cards with the embedded model."""

    selection: Literal["threshold", "weighted", "best"] = option(
        "threshold",
        help="An agent learns from rollouts whose return reaches a threshold, from a sample weighted by return, or from"
        " the best ones of each problem.",
    )
    threshold: float = option(0.5, help="threshold: least return of a rollout.")
    sample_share: float = option(
        0.5, help="weighted: size of the sample, as a share of the rollouts.", validator=gt(0)
    )
    replace: bool = option(False, help="weighted: whether a rollout may be drawn more than once.")
    minimum: float | None = option(
        None, help="weighted: return up to which a rollout has no weight; null: the least return."
    )
    epsilon: float = option(
        0.01, help="weighted: how much of the uniform distribution is mixed in.", validator=ge(0)
    )
    best_of: int = option(4, help="best: rollouts of each problem, one after another.", validator=ge(2))
    keep_best: int = option(1, help="best: how many of them are learnt from.", validator=ge(1))
    least_return: float | None = option(None, help="best: return that the best must reach, too; null: any.")
