"""Any Gymnasium environment is stepped in this process and restored exactly."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from mlkernel_rl.environments.gymnasium_spaces import UnsupportedSpaceError, action_space, observation_encoder
from mlkernel_rl.environments.gymnasium_vector import EnvironmentReplayError, GymnasiumVector, episode_seed
from mlkernel_rl.environments.spaces import DiscreteActions


def make(name: str, count: int = 3, seed: int = 5) -> GymnasiumVector:
    return GymnasiumVector([gymnasium.make(name) for _ in range(count)], seed)


def random_actions(vector: GymnasiumVector, steps: int) -> list[Any]:
    generator = np.random.default_rng(0)
    if isinstance(vector.actions, DiscreteActions):
        return list(generator.integers(0, vector.actions.count, (steps, vector.count)))
    low, high = vector.actions.low, vector.actions.high
    return list(generator.uniform(low, high, (steps, vector.count, vector.actions.size)).astype(np.float32))


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCarContinuous-v0"])
def test_restored_environments_go_on_exactly(name: str) -> None:
    vector = make(name)
    actions = random_actions(vector, 330)
    for action in actions[:230]:
        vector.step(action)
    state = vector.state_dict()
    onwards = [vector.step(action) for action in actions[230:]]
    other = make(name)
    other.load_state_dict(state)
    for expected, action in zip(onwards, actions[230:], strict=True):
        step = other.step(action)
        np.testing.assert_array_equal(step.observation, expected.observation)
        np.testing.assert_array_equal(step.reward, expected.reward)
        np.testing.assert_array_equal(step.terminated, expected.terminated)
        np.testing.assert_array_equal(step.truncated, expected.truncated)


def test_steps_are_gymnasiums_own() -> None:
    vector, alone = make("CartPole-v1", count=1, seed=9), gymnasium.make("CartPole-v1")
    expected, _ = alone.reset(seed=episode_seed(9, 0, 0))
    np.testing.assert_array_equal(vector.observe()[0], expected)
    episode = 0
    for action in random_actions(vector, 100):
        step = vector.step(action)
        expected, reward, terminated, truncated, _ = alone.step(int(action[0]))
        assert (step.reward[0], step.terminated[0], step.truncated[0]) == (reward, terminated, truncated)
        if terminated or truncated:
            np.testing.assert_array_equal(step.final_observation[0], expected)
            episode += 1
            expected, _ = alone.reset(seed=episode_seed(9, 0, episode))
        np.testing.assert_array_equal(step.observation[0], expected)


def test_a_time_limit_is_truncation() -> None:
    vector = make("Pendulum-v1", count=2)
    for number, action in enumerate(random_actions(vector, 200), start=1):
        step = vector.step(action)
        assert step.truncated.all() == (number == 200)
        assert not step.terminated.any()


class Unseeded(gymnasium.Env[Any, Any]):
    """Draws from a generator that reset does not seed."""

    observation_space = gymnasium.spaces.Box(0, 1, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)
    generator = np.random.default_rng(0)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return self.generator.random(1, dtype=np.float32), {}

    def step(self, action: Any) -> Any:
        return self.generator.random(1, dtype=np.float32), 0.0, False, False, {}


def test_an_environment_that_cannot_be_replayed_is_named() -> None:
    vector = GymnasiumVector([Unseeded()], 0)
    vector.step(np.array([1]))
    state = vector.state_dict()
    with pytest.raises(EnvironmentReplayError, match=r"environment 0.*np_random"):
        GymnasiumVector([Unseeded()], 0).load_state_dict(state)


def test_spaces_are_translated() -> None:
    size, encode = observation_encoder(gymnasium.spaces.Discrete(3, start=1))
    assert size == 3
    np.testing.assert_array_equal(encode(2), [0, 1, 0])
    size, encode = observation_encoder(gymnasium.spaces.Box(0, 255, (2, 2), np.uint8))
    assert (size, encode(np.ones((2, 2), np.uint8)).dtype) == (4, np.float32)
    assert action_space(gymnasium.spaces.Discrete(4, start=2)) == DiscreteActions(4, 2)
    with pytest.raises(UnsupportedSpaceError, match=r"MultiDiscrete[\s\S]*Discrete and Box"):
        action_space(gymnasium.spaces.MultiDiscrete([2, 2]))
    with pytest.raises(UnsupportedSpaceError, match="FlattenObservation"):
        observation_encoder(gymnasium.spaces.Dict(a=gymnasium.spaces.Discrete(2)))
