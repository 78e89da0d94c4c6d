"""What a back end is told of the run that it serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen


@frozen(kw_only=True)
class BackendContext:
    """Told to the factory of a back end."""

    directory: Path
    """A folder of the run in which the back end may keep its own state; made when it is first used."""
    run_id: str
    """The run's name, for labels at the provider."""
    seed: int
    """The run's seed."""
    logger: Any = None
    """The run's structlog logger; ``None`` outside of runs."""
    option: str = "backend"
    """Under which name its options are configured, for messages."""
