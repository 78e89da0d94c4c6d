"""The configuration of reward-weighted regression."""

from typing import Literal

from attrs import frozen
from attrs.validators import gt

from mlkernel import option
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class RewardWeightedRegressionConfig(PureTextConfig):
    """Reward-weighted regression."""

    temperature: float = option(
        0.3, help="Beta: a return that is greater by so much counts e times as much.", validator=gt(0)
    )
    largest_weight: float = option(
        20.0, help="Bound on a weight; the mean of all weights is 1.", validator=gt(0)
    )
    weighting: Literal["auto", "rows", "copies"] = option(
        "auto",
        help="Send weights with the rows, or repeat rows by weight; auto: send them where the back end honours them.",
    )
