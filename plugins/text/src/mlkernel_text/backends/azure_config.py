"""How Azure OpenAI is reached. Imports nothing heavy."""

from typing import Any, Literal

from attrs import frozen
from attrs.validators import ge, gt, matches_re

from mlkernel import option
from mlkernel_text.backends.openai_config import ENVIRONMENT_NAME


@frozen(kw_only=True)
class AzureConfig:
    """Options of the back end ``azure``. A model answers under the name of its deployment."""

    endpoint: str = option(help="The resource's address, such as https://NAME.openai.azure.com.")
    model: str = option(help="Deployment that agents use unless they are given another one.")
    api_key_env: str = option(
        "AZURE_OPENAI_API_KEY",
        help="Name of the environment variable that holds the resource's key, or an Entra token for it.",
        validator=matches_re(ENVIRONMENT_NAME),
    )
    subscription: str = option(help="Identifier of the subscription, in which tuned models are deployed.")
    resource_group: str = option(help="Resource group of the resource.")
    account: str = option(help="Name of the resource.")
    management_token_env: str = option(
        "AZURE_MANAGEMENT_TOKEN",
        help="Name of the environment variable that holds a token for the management interface.",
        validator=matches_re(ENVIRONMENT_NAME),
    )
    management_url: str = option("https://management.azure.com", help="Where the management interface is.")
    management_version: str = option("2024-10-01", help="Version of the management interface.")
    sku: str = option(
        "Standard", help="Kind of deployment of tuned models, such as Standard or DeveloperTier."
    )
    capacity: int = option(
        50, help="Capacity of such a deployment, in thousands of tokens per minute.", validator=ge(1)
    )
    model_format: str = option("OpenAI", help="Format of tuned models, as the management interface names it.")
    deploy_seconds: float = option(
        15.0, help="Seconds between two looks whether a deployment is ready.", validator=gt(0)
    )
    delete_released: bool = option(
        True, help="Whether deployments that are not needed any more are deleted; they cost by the hour."
    )
    timeout: float = option(
        120.0, help="Seconds without an answer until a call is given up.", validator=gt(0)
    )
    extra_body: dict[str, Any] = option(factory=dict, help="Further fields of every chat request.")
    token_limit: Literal["max_completion_tokens", "max_tokens"] = option(
        "max_completion_tokens", help="Name of the field that limits an answer."
    )
    prices: dict[str, tuple[float, float, float]] = option(
        factory=dict,
        help="Deployment, or a pattern with * and ?: prices per million tokens of prompts, answers and training.",
    )
    methods: tuple[Literal["sft", "dpo", "rft", "grpo"], ...] = option(
        ("sft", "dpo", "rft"), help="Training methods that the resource's region and models have."
    )
    find_by: Literal["metadata", "suffix", "file"] = option(
        "file", help="Where a job's key is kept at the provider, so that a job is found again."
    )
    min_rows: int = option(
        10, help="Fewest rows of a training file that the provider takes.", validator=ge(1)
    )
