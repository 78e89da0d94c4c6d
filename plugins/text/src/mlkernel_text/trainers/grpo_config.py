"""The configuration of group-relative policy optimisation."""

from attrs import frozen
from attrs.validators import ge, gt

from mlkernel import option
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class GrpoConfig(PureTextConfig):
    """Group-relative policy optimisation."""

    episodes: int = option(64, help="Trees of answers in an iteration.", validator=ge(1))
    group_size: int = option(4, help="Answers to each chat, compared with each other.", validator=ge(2))
    epsilon: float = option(
        0.1,
        help="Added to the deviation within a group, so that rare differences are not blown up.",
        validator=gt(0),
    )
