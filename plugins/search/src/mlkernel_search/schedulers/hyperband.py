"""Schedulers that are made of synchronous brackets."""

from __future__ import annotations

from mlkernel import SearchProblem
from mlkernel_search.schedulers.bracket_plan import halving_plan, hyperband_plans
from mlkernel_search.schedulers.brackets import BracketScheduler
from mlkernel_search.schedulers.configs import HalvingConfig, HyperbandConfig
from mlkernel_search.schedulers.refusals import refuse_several_objectives, required_max_step


def make_successive_halving(problem: SearchProblem, config: HalvingConfig | None = None) -> BracketScheduler:
    """Successive halving (Jamieson and Talwalkar, AISTATS 2016), with a budget of steps instead of arms' pulls.

    :raises ConfigError: the problem has several objectives.
    """
    options = config or HalvingConfig()
    refuse_several_objectives(problem, "successive-halving")
    plan = halving_plan(options.trials, options.reduction_factor, options.min_step, problem.max_step)
    return BracketScheduler([plan], problem.max_step)


def make_hyperband(problem: SearchProblem, config: HyperbandConfig | None = None) -> BracketScheduler:
    """Hyperband (Li et al., JMLR 2018, algorithm 1).

    :raises ConfigError: the problem has no ``max_step``, or several objectives.
    """
    options = config or HyperbandConfig()
    refuse_several_objectives(problem, "hyperband")
    max_step = required_max_step(problem, "hyperband")
    return BracketScheduler(hyperband_plans(max_step, options.reduction_factor, options.min_step), max_step)


def make_bohb_hyperband(problem: SearchProblem, config: HyperbandConfig | None = None) -> BracketScheduler:
    """Hyperband with the brackets of BOHB (Falkner et al., ICML 2018), for its search algorithm or any other.

    :raises ConfigError: the problem has no ``max_step``, or several objectives.
    """
    options = config or HyperbandConfig()
    refuse_several_objectives(problem, "bohb-hyperband")
    max_step = required_max_step(problem, "bohb-hyperband")
    plans = hyperband_plans(max_step, options.reduction_factor, options.min_step, whole_rungs=True)
    return BracketScheduler(plans, max_step)
