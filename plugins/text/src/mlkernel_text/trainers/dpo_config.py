"""The configuration of direct preference optimisation."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge

from mlkernel import option
from mlkernel_text.jobs.fine_tune_config import FineTuneConfig
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class DpoConfig(PureTextConfig):
    """Direct preference optimisation on answers to one chat."""

    episodes: int = option(128, help="Episodes of each trained agent in an iteration.", validator=ge(1))
    fine_tune: FineTuneConfig = option(
        factory=lambda: FineTuneConfig(nll_coefficient=0.2), help="Fine-tune jobs."
    )
    answers: int = option(4, help="Answers to each chat that are compared.", validator=ge(2))
    pairs: Literal["best-worst", "all"] = option(
        "best-worst", help="Compare the best answer with the worst, or each with every worse one."
    )
