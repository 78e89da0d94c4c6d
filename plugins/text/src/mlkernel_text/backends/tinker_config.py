"""How a step-wise training service is reached. Imports nothing heavy."""

from attrs import frozen
from attrs.validators import ge, gt, matches_re, optional

from mlkernel import option
from mlkernel_text.backends.openai_config import ENVIRONMENT_NAME


@frozen(kw_only=True)
class TinkerConfig:
    """Options of the back end ``tinker``, for services that speak Tinker's interface in JSON."""

    model: str = option(help="Base model, as the service names it, such as Qwen/Qwen3-8B.")
    base_url: str = option(help="Where the service is, such as http://localhost:8000.")
    api_key_env: str | None = option(
        "TINKER_API_KEY",
        help="Name of the environment variable that holds the key; none: the service wants no key.",
        validator=optional(matches_re(ENVIRONMENT_NAME)),
    )
    tokenizer: str | None = option(
        None,
        help="Folder or name of the Hugging Face tokenizer, whose chat template is used; none: the model's name.",
    )
    lora_rank: int = option(32, help="Rank of the matrices that are trained.", validator=ge(1))
    epochs: int = option(
        1, help="Passes over the training file, unless a job says otherwise.", validator=ge(1)
    )
    batch_size: int = option(
        32, help="Rows of an optimiser step, unless a job says otherwise.", validator=ge(1)
    )
    learning_rate: float = option(1e-4, help="Of Adam, unless a job says otherwise.", validator=gt(0))
    timeout: float = option(
        120.0, help="Seconds without an answer until a call is given up.", validator=gt(0)
    )
    result_seconds: float = option(
        600.0, help="Seconds until a result that is still being computed is given up.", validator=gt(0)
    )
    prices: dict[str, tuple[float, float, float]] = option(
        factory=dict,
        help="Model, or a pattern with * and ?: prices per million tokens of prompts, answers and training.",
    )
