"""Running moments, reward scaling and episode statistics are those of all data at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlkernel_rl.engine import IterationOutcome
from mlkernel_rl.episodes import Episodes
from mlkernel_rl.normalisation import RewardScaling, RunningMoments


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 1000))
def test_moments_of_parts_are_those_of_the_whole(sizes: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    parts = [generator.normal(3, 5, (size, 2)) for size in sizes]
    moments = RunningMoments(2, clip=10.0)
    for part in parts:
        moments.update(part)
    whole = np.concatenate(parts)
    np.testing.assert_allclose(moments.mean, whole.mean(0))
    np.testing.assert_allclose(moments.variance, whole.var(0), atol=1e-12)


def test_normalised_rows_are_standard_and_bounded() -> None:
    rows = np.random.default_rng(0).normal(7, 3, (1000, 1)).astype(np.float32)
    moments = RunningMoments(1, clip=2.0)
    np.testing.assert_allclose(moments.normalise(rows), np.clip(rows, -2, 2))
    moments.update(rows)
    normalised = moments.normalise(rows)
    assert abs(np.median(normalised)) < 0.1
    assert normalised.max() == 2.0


def test_restored_statistics_go_on_exactly() -> None:
    generator = np.random.default_rng(0)
    rewards, done = generator.random((4, 8, 3)).astype(np.float32), generator.random((4, 8, 3)) < 0.2
    scaling = RewardScaling(3, 0.9, 10.0)
    scaling(rewards[0], done[0])
    other = RewardScaling(3, 0.9, 10.0)
    other.load_state_dict(scaling.state_dict())
    for reward, ended in zip(rewards[1:], done[1:], strict=True):
        np.testing.assert_array_equal(scaling(reward, ended), other(reward, ended))


def test_rewards_are_divided_by_the_deviation_of_the_return() -> None:
    generator = np.random.default_rng(0)
    reward = generator.standard_normal((5000, 2)).astype(np.float32)
    scaling = RewardScaling(2, 0.9, 10.0)
    assert scaling(reward, np.zeros_like(reward, bool))[0, 0] == reward[0, 0]
    deviation = 1 / np.sqrt(1 - 0.9**2)  # of a discounted sum of independent standard rewards
    np.testing.assert_allclose(1 / scaling.scale, deviation, rtol=0.05)


def test_episodes_that_span_rollouts_are_put_together() -> None:
    episodes = Episodes(2)
    reward = np.ones((3, 2), np.float32)
    none, second = np.zeros((3, 2), bool), np.zeros((3, 2), bool)
    second[1, 0], second[2, 1] = True, True
    episodes.add(IterationOutcome(reward, none, none, {}))
    assert episodes.statistics() == {"episodes": 0}
    state = episodes.state_dict()
    episodes = Episodes(2)
    episodes.load_state_dict(state)
    episodes.add(IterationOutcome(2 * reward, second, none, {}))
    statistics = episodes.statistics()
    assert statistics == {
        "episodes": 2,
        "train_return": np.mean([3 + 4, 3 + 6]),
        "train_length": np.mean([5, 6]),
    }
    third = np.zeros((3, 2), bool)
    third[0, 0] = True
    episodes.add(IterationOutcome(reward, none, third, {}))
    assert episodes.statistics()["train_length"] == np.mean([5, 6, 1 + 1])
