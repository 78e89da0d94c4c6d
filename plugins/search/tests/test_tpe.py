"""The estimator proposes what Optuna's own sampler proposes, only sooner."""

import random

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from mlkernel_search.optuna_trials import frozen_trial, study_of
from mlkernel_search.pareto import domination_ranks
from mlkernel_search.parzen_sampler import ParzenSampler

TOGETHER = {
    "x": FloatDistribution(0.0, 1.0),
    "y": FloatDistribution(0.0, 1.0),
    "n": IntDistribution(0, 40),
    "kind": CategoricalDistribution(range(4)),
}
ALONE = {"deep": FloatDistribution(0.0, 1.0)}
SPACE = {**TOGETHER, **ALONE}
RUNNING = 3


def made_trials(count, objectives):
    """Some failed, some without the conditional parameter, some at the ends of the ranges, the last ones running."""
    rng = random.Random(count)
    trials = []
    for number in range(count):
        x = rng.choice([0.0, 1.0, rng.random(), rng.random()])
        point = {"x": x, "y": rng.random() ** 4, "n": rng.choice([0, 40, rng.randrange(41)])}
        point |= {"kind": rng.randrange(4)}
        if number % 3:
            point["deep"] = rng.gauss(0.5, 0.001)
        state = TrialState.PRUNED if number % 7 == 3 else TrialState.COMPLETE
        state = TrialState.RUNNING if number >= count - RUNNING else state
        losses = [rng.random() for _ in range(objectives)] if state == TrialState.COMPLETE else None
        distributions = {name: SPACE[name] for name in point}
        trials.append(frozen_trial(number, point, distributions, losses, state))
    return trials


def optunas(trials, objectives, seed):
    study = study_of(trials, objectives)
    asked = frozen_trial(len(trials), {}, {}, None, TrialState.RUNNING)
    sampler = TPESampler(seed=seed, n_startup_trials=0, n_ei_candidates=24, constant_liar=True)
    return [sampler.sample_relative(study, asked, group) for group in (TOGETHER, ALONE)]


@pytest.mark.parametrize("objectives", [1, 2])
@pytest.mark.parametrize("count", [RUNNING, RUNNING + 1, 30, 225])
def test_proposals_are_optunas(count, objectives):
    trials = made_trials(count, objectives)
    sampler = ParzenSampler(study_of([], objectives), candidates=24)
    for seed in range(40):
        sampler.learn(trials, seed)
        found = [sampler.propose(group) for group in (TOGETHER, ALONE)]
        for ours, theirs in zip(found, optunas(trials, objectives, seed), strict=True):
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_ranks_by_one_loss_are_those_beside_a_second_one_that_is_always_equal():
    rng = random.Random(1)
    losses = [[float(rng.randrange(8))] for _ in range(40)]
    assert domination_ranks(losses) == domination_ranks([[*loss, 1.0] for loss in losses])
