"""Options of the tracker ``tensorboard``."""

from __future__ import annotations

from attrs import frozen

from mlkernel import option


@frozen(kw_only=True)
class TensorboardConfig:
    """Where event files lie."""

    directory: str | None = option(
        None,
        help="A folder that gets one folder for each run; the folder tensorboard of the run's directory unless given.",
    )
