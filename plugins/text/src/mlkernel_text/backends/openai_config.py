"""How a provider that speaks OpenAI's interface is reached. Imports nothing heavy."""

from typing import Any, Literal

from attrs import frozen
from attrs.validators import ge, gt, matches_re, optional

from mlkernel import option

ADDRESS = r"https?://.+"
"""What a provider's address looks like; without its scheme, every request would fail as if nobody were there."""
ENVIRONMENT_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
"""What an environment variable is called; a key given by mistake in its place hardly ever looks so."""


@frozen(kw_only=True)
class OpenAIConfig:
    """Options of the back end ``openai``; the defaults are those of OpenAI itself."""

    model: str | None = option(
        None,
        help="Model that agents use unless they are given another one; none: the first of a server in this process.",
    )
    base_url: str | None = option(
        None,
        help="Where the provider is; none: the client's default, which OPENAI_BASE_URL changes.",
        validator=optional(matches_re(ADDRESS)),
    )
    api_key_env: str | None = option(
        "OPENAI_API_KEY",
        help="Name of the environment variable that holds the key; none: the provider wants no key.",
        validator=optional(matches_re(ENVIRONMENT_NAME)),
    )
    organization: str | None = option(None, help="Organisation that is billed, where a key has several.")
    project: str | None = option(None, help="Project that is billed, where an organisation has several.")
    in_process: str | None = option(
        None,
        help="Name of a server component that is called in this process, without a socket; needs no key.",
    )
    timeout: float = option(
        120.0, help="Seconds without an answer until a call is given up.", validator=gt(0)
    )
    headers: dict[str, str] = option(
        factory=dict, help="Further headers of every call; never a key, since they are written to the plan."
    )
    extra_body: dict[str, Any] = option(factory=dict, help="Further fields of every chat request.")
    token_limit: Literal["max_completion_tokens", "max_tokens"] = option(
        "max_completion_tokens",
        help="Name of the field that limits an answer; older servers know max_tokens only.",
    )
    n: bool = option(True, help="Whether one request may ask for several answers.")
    seed: bool = option(True, help="Whether requests may have a seed.")
    logprobs: bool = option(True, help="Whether log-probabilities can be asked for.")
    metered: bool | None = option(
        None,
        help="Whether answers cost something and are kept on disk; none: unless the server is in this process.",
    )
    prices: dict[str, tuple[float, float, float]] = option(
        factory=dict,
        help="Model, or a pattern with * and ?: prices per million tokens of prompts, answers and training.",
    )
    methods: tuple[Literal["sft", "dpo", "rft", "grpo"], ...] = option(
        ("sft", "dpo", "rft"), help="Training methods that the provider has; empty: it only samples."
    )
    method_field: Literal["method", "hyperparameters"] = option(
        "method",
        help="Where options of the training go: the field method, or the older hyperparameters, which has sft only.",
    )
    min_rows: int = option(
        10, help="Fewest rows of a training file that the provider takes.", validator=ge(1)
    )
    learning_rate: Literal["multiplier", "absolute"] = option(
        "multiplier",
        help="What the provider takes learning_rate_multiplier for; some take it for the rate itself.",
    )
    row_weight: Literal["none", "binary", "float"] = option(
        "binary", help="Weights of training rows that the provider honours."
    )
    tuned_names: str = option(
        "ft:{model}",
        help="How names of tuned models begin, {model} being the base model; below a cap on costs a price is wanted for"
        " them at the start. Empty: it is not known.",
    )
    find_by: Literal["metadata", "suffix", "file", "none"] = option(
        "metadata",
        help="Where a job's key is kept at the provider, so that a job is found again and never created twice.",
    )
    find_pages: int = option(
        20, help="Pages of 100 jobs or files that are searched at most.", validator=ge(1)
    )
    probe: bool = option(
        True,
        help="Whether the provider has an entry for every model, which is asked for before its first use.",
    )
    delete_released: bool = option(
        False,
        help="Whether a tuned model is deleted at the provider once the trainer does not need it any more.",
    )
