"""The value that study hooks pass: one trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import frozen


@frozen(kw_only=True)
class Trial:
    """One point of a study's search space and the run that tried it."""

    number: int
    """From 0, in the order of asking."""
    run_id: str
    """The run that trains it."""
    parameters: Mapping[str, Any]
    """Configuration paths and their values."""
    state: Literal["pending", "running", "stopped", "failed", "finished"]
    """Where it stands."""
