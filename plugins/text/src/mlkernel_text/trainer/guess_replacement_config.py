"""How many of the decider's guesses are replaced by the truth."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge, le

from mlkernel import option


@frozen(kw_only=True)
class GuessReplacementConfig:
    """The share of rollouts in which the decider's last message is replaced by the right decision."""

    proportion: float = option(0.0, help="Share in the first iteration.", validator=[ge(0), le(1)])
    annealing: Literal["none", "linear", "exponential"] = option(
        "none", help="How it falls: not, by the rate in each iteration, or by the factor 1 - rate."
    )
    rate: float = option(0.1, help="Rate of annealing.", validator=[ge(0), le(1)])
