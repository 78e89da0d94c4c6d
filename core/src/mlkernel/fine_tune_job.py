"""The values that fine-tune hooks pass: a request, and the job that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import Factory, frozen

FineTuneState = Literal[
    "planned",  # the intent is on disk, nothing was sent
    "uploaded",  # the provider has the training file
    "submitted",  # the provider was asked to create the job
    "pending",
    "running",
    "paused",
    "succeeded",
    "deploying",  # the new model is made ready to answer
    "servable",  # final: the new model answers
    "failed",  # final
    "cancelled",  # final
    "skipped",  # final: there was nothing to train on, and no job was created
    "parked",  # waits for a known time, such as the end of a daily limit
]
"""Where a job stands. A provider's own answers range from ``pending`` to ``succeeded``, ``failed`` or ``cancelled``."""

FINAL_STATES: frozenset[FineTuneState] = frozenset({"servable", "failed", "cancelled", "skipped"})
"""States that no job leaves."""


@frozen(kw_only=True)
class FineTuneRequest:
    """What is asked of a provider."""

    key: str
    """Unique for this piece of work and stable over attempts: a job with this key is never created twice."""
    provider: str
    """Name of the back end that shall answer."""
    model: str
    """The model to start from, as the provider names it."""
    method: str
    """Such as ``"sft"``, ``"dpo"`` or ``"rft"``."""
    training_file: Path
    """Training examples, in the format that the provider documents."""
    validation_file: Path | None = None
    """Examples on which the provider may report a loss."""
    rows: int = 0
    """How many examples the training file has."""
    sha256: str = ""
    """Of the training file's bytes."""
    seed: int = 0
    """For the provider's order of examples, where it takes one."""
    options: Mapping[str, Any] = Factory(dict)
    """Hyperparameters and provider-specific options."""


@frozen(kw_only=True)
class FineTuneJob:
    """A job as it was last seen."""

    key: str
    """The request's key."""
    provider: str
    """Who runs it."""
    identifier: str
    """The provider's own name of the job; empty as long as it has none."""
    state: FineTuneState
    """Where it stands."""
    model: str | None = None
    """The resulting model, once it has succeeded."""
    message: str | None = None
    """The reason why it failed, was cancelled, skipped or parked."""
    uploaded: str | None = None
    """The training file's name at the provider."""
    retryable: bool = False
    """Whether a failed job may succeed as another attempt."""
    trained_tokens: int | None = None
    """As the provider counts them."""
    cost: float | None = None
    """In the currency of the configured prices."""
    retry_at: float | None = None
    """Unix time before which there is no point in asking again."""
