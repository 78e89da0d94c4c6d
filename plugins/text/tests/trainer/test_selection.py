"""Which rollouts are learnt from, as properties of returns and indices."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlkernel_text.trainer.agent_config import UpdateScheduleConfig
from mlkernel_text.trainer.guess_replacement import replaced_share, split_for_replacement
from mlkernel_text.trainer.guess_replacement_config import GuessReplacementConfig
from mlkernel_text.trainer.preference_pairs import group_advantages
from mlkernel_text.trainer.selection import (
    at_least,
    best_of_each,
    draw,
    exponential_weights,
    resample,
    shifted_weights,
)
from mlkernel_text.trainer.training_rows import set_aside

returns = st.lists(st.floats(-10, 10, allow_nan=False), min_size=1, max_size=30).map(np.asarray)


def generator():
    return np.random.default_rng(0)


@given(returns, st.floats(-10, 10))
def test_threshold_keeps_what_reaches_it(values, threshold):
    assert at_least(values, threshold).tolist() == [i for i, value in enumerate(values) if value >= threshold]


@given(returns, st.floats(0, 1))
def test_weights_are_probabilities_that_grow_with_the_return(values, epsilon):
    weights = shifted_weights(values, None, epsilon)
    assert np.isclose(weights.sum(), 1)
    assert (weights >= 0).all()
    order = np.argsort(values, kind="stable")
    assert (np.diff(weights[order]) >= -1e-12).all()


def test_equal_returns_have_equal_weights():
    assert shifted_weights(np.ones(4), None, 0.0).tolist() == [0.25] * 4


def test_nothing_below_the_minimum_is_drawn():
    weights = shifted_weights(np.asarray([-1.0, 0.0, 1.0, 3.0]), 0.0, 0.0)
    assert draw(weights, 4, generator(), with_replacement=False).tolist() == [2, 3]
    assert set(draw(weights, 50, generator(), with_replacement=True).tolist()) <= {2, 3}


@given(returns, st.integers(1, 4), st.data())
def test_best_of_each_group_are_its_greatest(values, count, data):
    groups = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    chosen = set(best_of_each(values, groups, count).tolist())
    for group in set(groups):
        members = [i for i, other in enumerate(groups) if other == group]
        kept = sorted(values[i] for i in members if i in chosen)
        assert kept == sorted(values[i] for i in members)[-count:]


@given(returns, st.floats(0.1, 5), st.floats(1, 50))
def test_exponential_weights_keep_the_order_and_the_bound(values, temperature, largest):
    weights = exponential_weights(values, temperature, largest)
    assert ((weights >= 0) & (weights <= largest)).all()
    assert (np.diff(weights[np.argsort(values)]) >= -1e-9).all()
    assert np.isfinite(weights).all()


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=30).map(np.asarray))
def test_resampling_gives_each_row_its_share_up_to_one(weights):
    copies = np.bincount(resample(weights, generator()), minlength=len(weights))
    assert copies.sum() == len(weights)
    assert (np.abs(copies - weights / weights.sum() * len(weights)) < 1 + 1e-9).all()


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=8))
def test_advantages_of_a_group_sum_to_nothing_and_keep_the_order(values):
    advantages = group_advantages(values, 0.1)
    assert abs(sum(advantages)) < 1e-6
    assert sorted(values) == [value for _, value in sorted(zip(advantages, values, strict=True))]


@given(st.integers(0, 50), st.floats(0, 1), st.integers(0, 3))
def test_replacement_splits_all_rollouts_in_two(count, share, iteration):
    replaced, others = split_for_replacement(count, share, seed=1, iteration=iteration, agent="verifier")
    assert sorted([*replaced, *others]) == list(range(count))
    assert len(replaced) == int(share * count)


def test_replacement_anneals():
    def shares(annealing):
        config = GuessReplacementConfig(proportion=0.8, annealing=annealing, rate=0.5)
        return [replaced_share(config, iteration) for iteration in range(3)]

    assert shares("none") == [0.8, 0.8, 0.8]
    assert np.allclose(shares("linear"), [0.8, 0.3, 0.0])
    assert np.allclose(shares("exponential"), [0.8, 0.4, 0.2])


def test_schedules_say_when_an_agent_is_trained():
    def trained(**options):
        return [UpdateScheduleConfig(**options).is_updated(iteration) for iteration in range(6)]

    assert trained() == [True] * 6
    assert trained(kind="periodic", period=3, start=1, stop=3) == [False, True, True] * 2
    first = trained(kind="alternating", period=3, first_rounds=2)
    second = trained(kind="alternating", period=3, first_rounds=2, goes_first=False)
    assert first == [True, True, False] * 2
    assert second == [not turn for turn in first]


@given(st.integers(0, 40), st.floats(0, 0.9))
def test_validation_rows_are_a_part_of_all_rows(count, share):
    rows = [{"number": number} for number in range(count)]
    training, validation = set_aside(rows, share, "seed", 1)
    least = 1 if share > 0 and count > 1 else 0
    assert len(validation) == max(least, round(share * count))
    assert sorted(row["number"] for row in [*training, *validation]) == list(range(count))
