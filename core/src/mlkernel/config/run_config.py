"""What every run can be told, whatever it trains: the sections ``run`` and ``checkpoint``."""

from typing import Literal

from attrs import frozen, validators

from mlkernel.config.option import option


@frozen(kw_only=True)
class RunConfig:
    """Section ``run``."""

    seed: int = option(
        0, help="From it every random stream of the run is derived.", validator=validators.ge(0)
    )
    name: str | None = option(
        None, help="A name for people, shown in lists; the run's identifier is made anew."
    )
    progress_bar: str = option(
        "auto", help="auto (rich on a terminal, else plain), or a progress bar's name."
    )
    strict_plugins: bool = option(
        False, help="A listener that raises ends the run, instead of being set aside."
    )
    log_level: Literal["debug", "info", "warning", "error"] = option(
        "info", help="Least severe message that the console shows."
    )


@frozen(kw_only=True)
class CheckpointConfig:
    """Section ``checkpoint``: when checkpoints are made, and which are kept."""

    every_iterations: int | None = option(
        None,
        help="A checkpoint after every so many iterations of resumable loops, the outermost ones.",
        validator=validators.optional(validators.ge(1)),
    )
    every_seconds: float | None = option(
        30.0,
        help="A checkpoint at the first boundary so many seconds after the last one.",
        validator=validators.optional(validators.ge(0)),
    )
    keep_last: int = option(2, help="So many of the newest checkpoints are kept.", validator=validators.ge(1))
    keep_best: int = option(
        1,
        help="The checkpoints of so many of the newest best reports are kept; each was better than all before.",
        validator=validators.ge(0),
    )
    keep_every: int | None = option(
        None,
        help="A checkpoint of every so many iterations of an outermost loop is made and kept for ever.",
        validator=validators.optional(validators.ge(1)),
    )
    snapshot: bool = option(
        True,
        help="Copy the state at boundaries while that is cheap, so that a failure or a second Ctrl-C loses one "
        "iteration.",
    )
