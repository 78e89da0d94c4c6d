"""Which model judges episodes. Imports nothing heavy."""

from attrs import frozen
from attrs.validators import ge

from mlkernel import Choice, choice, option
from mlkernel_text.answers.budget_config import BudgetConfig
from mlkernel_text.answers.limits_config import LimitsConfig


@frozen(kw_only=True)
class JudgeConfig:
    """A model that answers questions about what agents said."""

    backend: Choice = choice("text_backend", default="openai", help="The provider of the judge.")
    model: str | None = option(None, help="The judge; none: the back end's default model.")
    temperature: float = option(0.0, help="Sampling temperature of verdicts.", validator=ge(0))
    max_tokens: int = option(16, help="Tokens of a verdict.", validator=ge(1))
    retries: int = option(2, help="Further tries of a verdict that cannot be read.", validator=ge(0))
    limits: LimitsConfig = option(factory=LimitsConfig, help="How fast the provider is asked.")
    budget: BudgetConfig = option(factory=BudgetConfig, help="What one analysis may spend.")
