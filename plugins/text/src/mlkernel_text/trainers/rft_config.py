"""The configuration of reinforcement fine-tuning."""

from typing import Any, Literal

from attrs import frozen

from mlkernel import option
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class RftConfig(PureTextConfig):
    """Reinforcement fine-tuning at the provider."""

    grader: Literal["ends-with", "contains", "equals", "custom"] = option(
        "ends-with", help="How an answer is compared with the right decision; custom: as custom_grader says."
    )
    custom_grader: dict[str, Any] | None = option(
        None,
        help="A grader as OpenAI's interface describes one; it may refer to item.reference (the right decision or"
        " answer) and item.label.",
    )
