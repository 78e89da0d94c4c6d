"""The configuration of STaR."""

from attrs import frozen

from mlkernel import option
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class StarConfig(PureTextConfig):
    """STaR; each job starts from the base model."""

    rationalise: bool = option(
        True, help="Ask again with the right answer as a hint where an episode ended wrongly."
    )
    threshold: float = option(0.5, help="Least return of an agent in a rollout that it learns from.")
