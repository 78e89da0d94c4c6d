"""The values that fine-tune hooks pass: a request, and the job that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import Factory, frozen

FineTuneState = Literal["pending", "running", "paused", "succeeded", "failed", "cancelled"]
"""What a provider may say of a job; the last three are final."""


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
    """Such as ``"supervised"``, ``"dpo"`` or ``"reinforcement"``."""
    training_file: Path
    """Training examples, in the format that the provider documents."""
    options: Mapping[str, Any] = Factory(dict)
    """Provider-specific options."""


@frozen(kw_only=True)
class FineTuneJob:
    """A job as it was last seen."""

    key: str
    """The request's key."""
    provider: str
    """Who runs it."""
    identifier: str
    """The provider's own name of the job."""
    state: FineTuneState
    """Where it stands."""
    model: str | None = None
    """The resulting model, once it has succeeded."""
    message: str | None = None
    """The provider's reason when it failed or was cancelled."""
