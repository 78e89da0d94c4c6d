"""The configuration of ReST."""

from attrs import frozen
from attrs.validators import ge, min_len

from mlkernel import option
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class RestConfig(PureTextConfig):
    """ReST: an iteration is one improvement; as many as there are thresholds share one data set."""

    answers: int = option(4, help="Episodes on each problem.", validator=ge(1))
    thresholds: tuple[float, ...] = option(
        (0.25, 0.5, 0.75),
        help="Least return of the rollouts that one improvement after another learns from, as a share of the"
        " agent's reward range.",
        validator=min_len(1),
    )
