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


@frozen(kw_only=True)
class HalvingConfig:
    """Options of successive halving (Jamieson and Talwalkar, AISTATS 2016); the defaults are mle-toolbox's."""

    trials: int = option(
        20,
        help="Trials that begin together; the rest of the study's begin again.",
        validator=validators.ge(1),
    )
    reduction_factor: float = option(
        2, help="One in so many trials trains on beyond a rung (η).", validator=validators.gt(1)
    )
    min_step: float | None = option(
        None,
        help="Step of the first rung; such that the last one is the study's max_step, or 1 without that, unless given.",
        validator=validators.optional(validators.gt(0)),
    )


@frozen(kw_only=True)
class HyperbandConfig:
    """Options of Hyperband (Li et al., JMLR 2018)."""

    reduction_factor: float = option(
        3, help="One in so many trials trains on beyond a rung (η).", validator=validators.gt(1)
    )
    min_step: float | None = option(
        None,
        help="Step of the lowest rung; 1, but not more than four reductions below max_step, unless given.",
        validator=validators.optional(validators.gt(0)),
    )


@frozen(kw_only=True)
class MedianConfig:
    """Options of median stopping (Golovin et al., KDD 2017, section 3.2.1)."""

    grace_period: float = option(
        1, help="Steps that every trial is given, however bad.", validator=validators.ge(0)
    )
    min_samples: int = option(
        5, help="Other trials at a step before any is ended there.", validator=validators.ge(1)
    )
    interval: float = option(
        1, help="Steps between one look at a trial and the next.", validator=validators.gt(0)
    )
    compare: Literal["value", "average"] = option(
        "value",
        help="The others' losses at the same step, or the averages of their losses up to it.",
    )
    among: Literal["whole", "all"] = option(
        "whole", help="Who the others are: those that were trained to max_step, or all that came as far."
    )


@frozen(kw_only=True)
class PopulationConfig:
    """Options of every scheduler that trains a population."""

    population: int | None = option(
        None,
        help="Trials that learn from each other; all of the study's unless given.",
        validator=validators.optional(validators.ge(2)),
    )
    interval: float = option(
        4, help="Steps between one comparison of the trials and the next.", validator=validators.gt(0)
    )
    exploit: Literal["truncation", "binary_tournament"] = option(
        "truncation",
        help="truncation: the worst go on from one of the best; binary_tournament: each from another that is better.",
    )
    fraction: float = option(
        0.2,
        help="Share of the population that truncation takes for the worst, and for the best.",
        validator=[validators.gt(0), validators.le(0.5)],
    )
    keep: list[str] = option(
        factory=list, help="Parameters that change only with the checkpoint, such as the size of a network."
    )
    synchronous: bool = option(
        True,
        help="Trials wait for each other after every interval; the outcome does not depend on how many run at once.",
    )


@frozen(kw_only=True)
class PbtConfig(PopulationConfig):
    """Options of population-based training (Jaderberg et al., 2017)."""

    explore: Literal["perturb", "resample", "noise"] = option(
        "perturb",
        help="perturb multiplies values; resample draws them anew; noise adds a normal number to their positions.",
    )
    factors: tuple[float, ...] = option(
        (0.8, 1.2), help="One of which a value is multiplied with.", validator=validators.min_len(1)
    )
    resample_probability: float = option(
        0.25,
        help="How often perturb draws a value anew instead.",
        validator=[validators.ge(0), validators.le(1)],
    )
    noise_scale: float = option(
        0.1, help="Standard deviation of the noise, in parts of a value's range.", validator=validators.gt(0)
    )


@frozen(kw_only=True)
class Pb2Config(PopulationConfig):
    """Options of population-based bandits (Parker-Holder et al., NeurIPS 2020)."""

    confidence: float = option(
        2.0,
        help="Weight of the uncertainty against the expected improvement (κ).",
        validator=validators.ge(0),
    )
    forgetting: float = option(
        0.1,
        help="How much less an observation tells after each interval (ε).",
        validator=[validators.ge(0), validators.lt(1)],
    )
    candidates: int = option(
        500, help="Random points, of which the most promising is taken.", validator=validators.ge(1)
    )
