"""Options of the tracker ``wandb``."""

from __future__ import annotations

from attrs import frozen

from mlkernel import option


@frozen(kw_only=True)
class WandbConfig:
    """What runs are called, and where they lie."""

    project: str = option("mlkernel", help="The project that runs belong to.")
    entity: str | None = option(
        None, help="The user or team that the project belongs to; your own unless given."
    )
    directory: str | None = option(
        None, help="A folder that gets the folder wandb; the run's directory unless given."
    )
