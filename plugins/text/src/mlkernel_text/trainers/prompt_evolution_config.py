"""The configuration of prompt evolution."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge

from mlkernel import option
from mlkernel_text.trainer.pure_text_config import PureTextConfig


@frozen(kw_only=True)
class PromptEvolutionConfig(PureTextConfig):
    """Reflective prompt evolution; an iteration makes and judges one new prompt."""

    iterations: int = option(20, help="Prompts that are tried.", validator=ge(1))
    episodes: int = option(
        16, help="Episodes of a minibatch, on which a prompt is mended and judged.", validator=ge(1)
    )
    pareto_episodes: int = option(
        64, help="Episodes on validation problems with each prompt that was kept.", validator=ge(1)
    )
    evolved: tuple[str, ...] = option(
        (), help="Agents whose instructions are improved in turns; none: the one who decides."
    )
    selection: Literal["pareto", "best"] = option(
        "pareto",
        help="Which prompt is improved next: one that is best on some problem, or the best on average.",
    )
    reflection_model: str | None = option(
        None, help="The model that writes new instructions; null: the back end's base model."
    )
    reflection_temperature: float = option(1.0, help="Of its sampling.", validator=ge(0))
    reflection_max_tokens: int = option(1024, help="Its longest answer, in tokens.", validator=ge(1))
    reflection_examples: int = option(8, help="Episodes that it is shown, failures first.", validator=ge(1))
    test_scheme: Literal["none", "all", "last", "first-and-last"] = option(
        "first-and-last",
        help="Which prompts are tested: the best ones before each iteration and the last, or a choice of them.",
    )
