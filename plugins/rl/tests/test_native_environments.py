"""Native environments are Gymnasium's, step for step, in NumPy and in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkernel.testing import parametrize_with_checks
from mlkernel_rl.environments.cartpole import CartPole
from mlkernel_rl.environments.native import NativeVector
from mlkernel_rl.environments.pendulum import Pendulum

CARTPOLE, PENDULUM = gymnasium.make("CartPole-v1").unwrapped, gymnasium.make("Pendulum-v1").unwrapped


@parametrize_with_checks("CartPole-v1", kind="environment")
def test_cartpole_keeps_the_contract(check: Callable[[], None]) -> None:
    check()


@parametrize_with_checks("Pendulum-v1", kind="environment")
def test_pendulum_keeps_the_contract(check: Callable[[], None]) -> None:
    check()


def states(*bounds: float) -> st.SearchStrategy[tuple[float, ...]]:
    return st.tuples(*(st.floats(-bound, bound).map(np.float32).map(float) for bound in bounds))


def column(value: float) -> np.ndarray[Any, Any]:
    return np.array([value], np.float32)


@given(states(2.3, 3, 0.2, 3), st.integers(0, 1))
@settings(max_examples=200)
def test_a_step_of_cartpole_is_gymnasiums(start: tuple[float, ...], action: int) -> None:
    CARTPOLE.reset()
    CARTPOLE.state, CARTPOLE.steps_beyond_terminated = np.array(start), None
    expected, reward, terminated, _, _ = CARTPOLE.step(action)
    state = dict(zip(("x", "v", "angle", "spin"), map(column, start), strict=True))
    moved, rewards, ended = CartPole().step(state, np.array([action]), np)
    observation = CartPole().observe(moved, np)[0]
    np.testing.assert_allclose(observation, expected, rtol=1e-5, atol=1e-5)
    assert rewards[0] == reward
    at_a_limit = min(abs(abs(expected[0]) - 2.4), abs(abs(expected[2]) - 12 * 2 * np.pi / 360)) < 1e-5
    assert bool(ended[0]) == terminated or at_a_limit


@given(states(np.pi, 8), states(2))
@settings(max_examples=200)
def test_a_step_of_pendulum_is_gymnasiums(start: tuple[float, ...], torques: tuple[float, ...]) -> None:
    torque = torques[0]
    PENDULUM.reset()
    PENDULUM.state = np.array(start)
    expected, reward, terminated, _, _ = PENDULUM.step(np.array([torque]))
    state = {"angle": column(start[0]), "spin": column(start[1])}
    moved, rewards, ended = Pendulum().step(state, column(torque)[:, None], np)
    np.testing.assert_allclose(Pendulum().observe(moved, np)[0], expected, rtol=1e-4, atol=1e-4)
    if abs(abs(start[0]) - np.pi) > 1e-5:  # the angle's representation jumps there, and the cost with it
        assert rewards[0] == pytest.approx(reward, rel=1e-4, abs=1e-4)
    assert not ended[0]
    assert not terminated


@pytest.mark.parametrize("environment", [CartPole(), Pendulum()], ids=["cartpole", "pendulum"])
def test_torch_computes_what_numpy_does(environment: Any) -> None:
    random = np.random.default_rng(0).random((64, environment.random_size), dtype=np.float32)
    state = environment.reset(random, np)
    tensors = environment.reset(torch.from_numpy(random), torch)
    action = np.ones((64, 1), np.float32) if isinstance(environment, Pendulum) else np.arange(64) % 2
    for _ in range(5):
        state, reward, terminated = environment.step(state, action, np)
        tensors, rewards, ended = environment.step(tensors, torch.from_numpy(action), torch)
        np.testing.assert_allclose(
            environment.observe(tensors, torch), environment.observe(state, np), atol=1e-4
        )
        np.testing.assert_allclose(rewards, reward, atol=1e-4)
        np.testing.assert_array_equal(ended, terminated)


def test_an_episode_that_falls_is_terminated_and_restarts_within_the_step() -> None:
    vector = NativeVector(CartPole(), 2, seed=0)
    lengths = np.zeros(2, int)
    for _ in range(200):
        before = vector.observe()
        step = vector.step(np.array([0, 0]))
        lengths += 1
        for index, final in step.final_observation.items():
            assert step.terminated[index]
            assert not step.truncated[index]
            assert abs(final[2]) > 12 * 2 * np.pi / 360
            assert np.all(np.abs(step.observation[index]) <= 0.05)
            assert not np.array_equal(before[index], step.observation[index])
            assert (
                8 <= lengths[index] <= 11
            )  # the constant push topples it in this many steps, as in Gymnasium
            lengths[index] = 0


def test_a_time_limit_truncates_and_does_not_terminate() -> None:
    vector = NativeVector(Pendulum(), 3, seed=0)
    for step_number in range(1, 401):
        step = vector.step(np.zeros((3, 1), np.float32))
        assert not step.terminated.any()
        assert step.truncated.all() == (step_number % 200 == 0)
        assert len(step.final_observation) == (3 if step_number % 200 == 0 else 0)


def test_restored_environments_go_on_exactly() -> None:
    actions = np.random.default_rng(1).integers(0, 2, (120, 4))
    vector = NativeVector(CartPole(), 4, seed=3)
    for action in actions[:50]:
        vector.step(action)
    state = vector.state_dict()
    onwards = [vector.step(action).observation.copy() for action in actions[50:]]
    other = NativeVector(CartPole(), 4, seed=3)
    other.load_state_dict(state)
    again = [other.step(action).observation for action in actions[50:]]
    np.testing.assert_array_equal(onwards, again)
