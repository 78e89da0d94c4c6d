"""Options of the search algorithms."""

from __future__ import annotations

from typing import Any, Literal

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
        help="Trials of a Latin hypercube, which end before the model is asked.",
        validator=validators.ge(5),
    )


@frozen(kw_only=True)
class OptunaGpConfig:
    """Options of Optuna's Gaussian process."""

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


@frozen(kw_only=True)
class CoordinateConfig:
    """Options of coordinate search."""

    order: list[str] = option(factory=list, help="Parameters in their turn; those not named come after them.")
    defaults: dict[str, Any] = option(
        factory=dict, help="Values of the first point; the middle of the range for the others."
    )
    bins: int = option(
        5,
        help="Points of a line; all values of parameters that have fewer, or no order.",
        validator=validators.ge(2),
    )


@frozen(kw_only=True)
class BohbConfig:
    """Options of BOHB's model; the names of its authors in brackets."""

    min_points: int | None = option(
        None,
        help="Points that a density needs; one more than there are parameters unless given (min_points_in_model).",
        validator=validators.optional(validators.ge(1)),
    )
    good_fraction: float = option(
        0.15,
        help="Part of the trials that is good (top_n_percent).",
        validator=validators.and_(validators.gt(0), validators.lt(1)),
    )
    random_fraction: float = option(
        1 / 3,
        help="Part of the proposals that is random (random_fraction).",
        validator=validators.and_(validators.ge(0), validators.le(1)),
    )
    candidates: int = option(
        64, help="Draws, of which the best is proposed (num_samples).", validator=validators.ge(1)
    )
    bandwidth_factor: float = option(
        3.0,
        help="How much wider draws are spread than the density (bandwidth_factor).",
        validator=validators.gt(0),
    )


@frozen(kw_only=True)
class CmaesConfig:
    """Options of CMA-ES."""

    population: int | None = option(
        None,
        help="Trials of a generation; 4 + 3 ln(parameters) unless given.",
        validator=validators.optional(validators.ge(4)),
    )


@frozen(kw_only=True)
class HyperoptConfig:
    """Options of Hyperopt."""

    method: Literal["tpe", "anneal"] = option("tpe", help="Its estimator, or its annealing.")
    startup_trials: int = option(
        20,
        help="Trials that succeed before it is asked; points are random until then.",
        validator=validators.ge(1),
    )
    candidates: int = option(
        24, help="Points drawn from the good density (n_EI_candidates).", validator=validators.ge(1)
    )
    gamma: float = option(
        0.25, help="How many trials are good, in square roots of their number.", validator=validators.gt(0)
    )


@frozen(kw_only=True)
class SkoptConfig:
    """Options of scikit-optimize, by the names that mle-toolbox and scikit-optimize give them."""

    base_estimator: Literal["GP", "RF", "ET", "GBRT"] = option(
        "GP", help="Surrogate: Gaussian process, random forest, extra trees, or boosted trees."
    )
    acq_function: Literal["gp_hedge", "EI", "LCB", "PI"] = option(
        "gp_hedge", help="What is best about a point; with gp_hedge, one of the three others by lot."
    )
    n_initial_points: int = option(
        10,
        help="Trials that succeed before the model is asked; points are random until then.",
        validator=validators.ge(1),
    )
    kappa: float = option(1.96, help="Standard deviations of LCB.", validator=validators.ge(0))
    xi: float = option(0.01, help="Least improvement of EI and PI.", validator=validators.ge(0))


@frozen(kw_only=True)
class NevergradConfig:
    """Options of Nevergrad."""

    method: str = option("NGOpt", help="Name of one of its optimizers, such as NGOpt, OnePlusOne or TBPSA.")


@frozen(kw_only=True)
class SmacConfig:
    """Options of SMAC."""

    base_estimator: Literal["RF", "GP"] = option(
        "RF", help="Surrogate: the random forest of its facade for hyperparameters, or a Gaussian process."
    )
    startup_trials: int = option(
        10,
        help="Trials that succeed before the model is asked; points are random until then.",
        validator=validators.ge(2),
    )


@frozen(kw_only=True)
class AxConfig:
    """Options of Ax."""

    startup_trials: int = option(
        5,
        help="Trials that succeed before the model is asked; points are random until then.",
        validator=validators.ge(2),
    )
