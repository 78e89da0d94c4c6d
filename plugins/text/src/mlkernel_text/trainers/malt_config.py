"""The configuration of MALT."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge, gt, le

from mlkernel import option
from mlkernel_text.jobs.fine_tune_config import FineTuneConfig
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class MaltConfig(PureTextConfig):
    """MALT; an episode is a tree of responses, so that there are fewer of them than elsewhere."""

    episodes: int = option(128, help="Trees of responses in an iteration.", validator=ge(1))
    fine_tune: FineTuneConfig = option(
        factory=lambda: FineTuneConfig(nll_coefficient=0.2), help="Fine-tune jobs."
    )
    responses: int = option(4, help="Answers that are followed at each turn.", validator=ge(2))
    frozen_agents_give_one_response: bool = option(
        True, help="Whether one answer of an agent that is not trained is followed."
    )
    pair_selection: Literal["positive-negative", "interval"] = option(
        "positive-negative",
        help="A pair is drawn from answers on both sides of the middle of the reward range, or from those that differ"
        " enough in value.",
    )
    interval: float = option(
        0.5, help="interval: least difference, as a share of the reward range.", validator=[gt(0), le(1)]
    )
    initial_ei_iterations: int = option(
        0, help="Iterations of expert iteration on single rollouts before the first tree.", validator=ge(0)
    )
    ei_episodes: int = option(256, help="Episodes of such an iteration.", validator=ge(1))
    ei_threshold: float = option(0.5, help="Least return of a rollout that they learn from.")
