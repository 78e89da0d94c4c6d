"""What a run may spend. Imports nothing heavy."""

from attrs import frozen
from attrs.validators import ge, optional

from mlkernel import option


@frozen(kw_only=True)
class BudgetConfig:
    """Caps over generations and fine-tune jobs together; a run that reaches one stops and can be resumed."""

    max_cost: float | None = option(
        None, help="Cap in the currency of the prices, US dollars by convention.", validator=optional(ge(0))
    )
    max_tokens: int | None = option(
        None, help="Cap in tokens, of prompts, answers and training together.", validator=optional(ge(0))
    )
    prices: dict[str, tuple[float, float, float]] = option(
        factory=dict,
        help=(
            "Model, or a pattern with * and ?: prices per million tokens of prompts, answers and training. The first"
            " that fits counts, before the back end's own prices."
        ),
    )
