"""Options of the search algorithms."""

from __future__ import annotations

from attrs import frozen, validators

from mlkernel import option


@frozen(kw_only=True)
class GridConfig:
    """Options of grid search."""

    bins: int = option(
        5,
        help="Values taken of a continuous parameter that has no bins of its own.",
        validator=validators.ge(1),
    )


@frozen(kw_only=True)
class TpeConfig:
    """Options of the tree-structured Parzen estimator."""

    startup_trials: int = option(
        10,
        help="Trials that end before the model is asked; points are random until then.",
        validator=validators.ge(1),
    )
    candidates: int = option(
        24,
        help="Points drawn from the good density, of which the best is proposed.",
        validator=validators.ge(1),
    )


@frozen(kw_only=True)
class GpConfig:
    """Options of the Gaussian process."""

    startup_trials: int = option(
        10,
        help="Trials that end before the model is asked; points are random until then.",
        validator=validators.ge(2),
    )
    deterministic: bool = option(
        False, help="The objective has no noise: equal points would have equal values."
    )


@frozen(kw_only=True)
class EvolutionConfig:
    """Options of regularised evolution."""

    population: int = option(
        20, help="Newest successful trials that may become parents.", validator=validators.ge(1)
    )
    sample: int = option(
        5, help="Members drawn, of which the best becomes the parent.", validator=validators.ge(1)
    )


@frozen(kw_only=True)
class Nsga2Config:
    """Options of NSGA-II."""

    population: int = option(
        40, help="Best successful trials that may become parents.", validator=validators.ge(2)
    )
