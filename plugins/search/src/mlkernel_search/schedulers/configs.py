"""Options of the trial schedulers."""

from __future__ import annotations

from typing import Literal

from attrs import frozen, validators

from mlkernel import option


@frozen(kw_only=True)
class AshaConfig:
    """Options of asynchronous successive halving (Li et al., MLSys 2020)."""

    form: Literal["stop", "promote"] = option(
        "stop",
        help="stop ends trials while they train; promote pauses each one at its rung, and resumes the best.",
    )
    reduction_factor: float = option(
        3, help="One in so many trials trains on beyond a rung (η).", validator=validators.gt(1)
    )
    min_step: float | None = option(
        None,
        help="Step of the lowest rung (r); three reductions below the study's max_step unless given.",
        validator=validators.optional(validators.gt(0)),
    )
