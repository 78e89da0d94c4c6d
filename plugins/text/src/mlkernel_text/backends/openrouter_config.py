"""How OpenRouter is reached. Imports nothing heavy."""

from typing import Any

from attrs import frozen
from attrs.validators import gt, matches_re

from mlkernel import option
from mlkernel_text.backends.openai_config import ENVIRONMENT_NAME


@frozen(kw_only=True)
class OpenRouterConfig:
    """Options of the back end ``openrouter``, which samples and cannot tune."""

    model: str = option(help="Model that agents use unless they are given another one, such as author/name.")
    base_url: str = option("https://openrouter.ai/api/v1", help="Where OpenRouter is.")
    api_key_env: str = option(
        "OPENROUTER_API_KEY",
        help="Name of the environment variable that holds the key.",
        validator=matches_re(ENVIRONMENT_NAME),
    )
    referer: str | None = option(None, help="Address of your project, shown in OpenRouter's rankings.")
    title: str | None = option(None, help="Name of your project, shown in OpenRouter's rankings.")
    routing: dict[str, Any] = option(
        factory=dict,
        help="Which providers serve the model: OpenRouter's field provider, such as {order = [...]}.",
    )
    extra_body: dict[str, Any] = option(factory=dict, help="Further fields of every chat request.")
    timeout: float = option(
        120.0, help="Seconds without an answer until a call is given up.", validator=gt(0)
    )
    seed: bool = option(True, help="Whether requests may have a seed.")
    logprobs: bool = option(False, help="Whether the chosen providers tell log-probabilities.")
    prices: dict[str, tuple[float, float, float]] = option(
        factory=dict,
        help="Model, or a pattern with * and ?: prices per million tokens of prompts, answers and training.",
    )
    probe: bool = option(
        True, help="Whether the model is looked for in OpenRouter's list before its first use."
    )
