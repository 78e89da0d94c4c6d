"""Fine-tune jobs: from our request to OpenAI's, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_config import OpenAIConfig

KEY_FIELD = "mlkernel_key"
"""Name of the entry of a job's metadata that holds the request's key."""

_METHODS = {"sft": "supervised", "dpo": "dpo", "rft": "reinforcement"}
_HYPERPARAMETERS = {
    "epochs": "n_epochs",
    "learning_rate": "learning_rate_multiplier",
    "batch_size": "batch_size",
    "beta": "beta",
}
STATES: dict[str, Any] = {
    "created": "pending",
    "pending": "pending",
    "queued": "pending",
    "validating_files": "pending",
    "running": "running",
    "training": "running",
    "cancelling": "running",
    "cancellation_requested": "running",
    "pausing": "paused",
    "paused": "paused",
    "resuming": "running",
    "success": "succeeded",
    "succeeded": "succeeded",
    "completed": "succeeded",
    "error": "failed",
    "failed": "failed",
    "failed_validation": "failed",
    "canceled": "cancelled",
    "cancelled": "cancelled",
}
"""A provider's word in lower case → ours; :data:`UNKNOWN` stands for every other word."""
UNKNOWN = "running"
_RETRYABLE_CODES = {"server_error", "internal_error", "internal_server_error", "timeout"}


def short_hash(text: str) -> str:
    """What stands for *text* in names of limited length."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def suffix_of(key: str) -> str:
    """The suffix of a tuned model's name that tells its job's key."""
    return f"mlkernel-{short_hash(key)}"


def file_prefix_of(key: str) -> str:
    """How names of files begin that belong to one key only."""
    return f"mlkernel-{short_hash(key)}-"


def job_arguments(request: FineTuneRequest, files: Mapping[str, str], config: OpenAIConfig) -> dict[str, Any]:
    """The body that creates a job.

    :param files: ``training`` and perhaps ``validation`` → the provider's names.
    :raises ProviderError: the provider's interface cannot say what is asked.
    """
    body: dict[str, Any] = {"model": request.model, "training_file": files["training"], "seed": request.seed}
    if "validation" in files:
        body["validation_file"] = files["validation"]
    if config.find_by == "metadata":
        body["metadata"] = {KEY_FIELD: request.key}
    elif config.find_by == "suffix":
        body["suffix"] = suffix_of(request.key)
    body |= _method(request, config)
    further = request.options.get("provider_options")
    return {**body, "extra_body": dict(further)} if further else body


def _method(request: FineTuneRequest, config: OpenAIConfig) -> dict[str, Any]:
    values = {
        name: request.options[option]
        for option, name in _HYPERPARAMETERS.items()
        if request.options.get(option) is not None and (option != "beta" or request.method == "dpo")
    }
    if config.method_field == "hyperparameters":
        if request.method != "sft":
            raise ProviderError(
                f"the older field hyperparameters cannot say {request.method!r}",
                kind="unsupported",
                hint="Set method_field=method, or choose a trainer that uses sft.",
            )
        return {"hyperparameters": values}
    name = _METHODS.get(request.method, request.method)
    inner: dict[str, Any] = {"hyperparameters": values} if values else {}
    if request.method == "rft":
        inner["grader"] = request.options.get("grader")
    return {"method": {"type": name, name: inner}}


def job_of(answer: Any, *, key: str, provider: str, uploaded: str | None = None) -> FineTuneJob:
    """A provider's job as ours. A state that nobody has told us of counts as running.

    :param answer: what the client made of the answer, which it does not check.
    """
    state = STATES.get(str(answer.status).lower(), UNKNOWN)
    if state == "pending" and getattr(answer, "paused", False):
        state = "paused"  # the published interface has no such status: servers that keep to it tell it beside
    error = answer.error
    message = getattr(error, "message", None)
    code = getattr(error, "code", None)
    return FineTuneJob(
        key=key,
        provider=provider,
        identifier=answer.id,
        state=state,
        model=answer.fine_tuned_model,
        message=f"{code}: {message}" if message and code else message,
        uploaded=uploaded,
        retryable=state == "failed" and code in _RETRYABLE_CODES,
        trained_tokens=answer.trained_tokens,
    )


def has_key(answer: Any, key: str, config: OpenAIConfig, files: frozenset[str] = frozenset()) -> bool:
    """Whether a job that the provider lists is the one with *key*; some ignore the filter they are asked for.

    :param files: names of the training files that belong to the key.
    """
    if config.find_by == "metadata":
        return (answer.metadata or {}).get(KEY_FIELD) == key
    if config.find_by == "suffix":
        suffix = suffix_of(key)
        named = getattr(answer, "user_provided_suffix", None) or getattr(answer, "suffix", None)
        return named == suffix or f":{suffix}" in (answer.fine_tuned_model or "")
    return answer.training_file in files
