"""Advantages are the sums that the paper defines, on both roads."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mlkernel_rl.advantage import generalised_advantages
from mlkernel_rl.environments.spaces import DiscreteActions
from mlkernel_rl.iteration_graph import Experience, Networks, named_tensors, training_batch
from mlkernel_rl.networks import MLP, Actor, Critic

GAMMA, LAMBDA = 0.97, 0.9


def random_rollout(steps: int = 40, count: int = 3) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    done = generator.random((steps, count)) < 0.15
    return {
        "reward": generator.standard_normal((steps, count)).astype(np.float32),
        "value": generator.standard_normal((steps, count)).astype(np.float32),
        "next_value": generator.standard_normal((steps, count)).astype(np.float32),
        "done": done,
    }


def by_definition(reward: Any, value: Any, next_value: Any, done: Any) -> Any:
    """Sum (gamma lambda)^l delta_{t+l} up to the end of the episode or rollout: eq. 16 of the paper."""
    delta = reward + GAMMA * next_value - value
    advantage = np.zeros_like(delta)
    for n in range(delta.shape[1]):
        for t in range(len(delta)):
            for later in range(t, len(delta)):
                advantage[t, n] += (GAMMA * LAMBDA) ** (later - t) * delta[later, n]
                if done[later, n]:
                    break
    return advantage


def test_advantages_are_the_sums_of_the_paper() -> None:
    rollout = random_rollout()
    advantage = generalised_advantages(**rollout, gamma=GAMMA, lambda_=LAMBDA)
    np.testing.assert_allclose(advantage, by_definition(**rollout), rtol=1e-4, atol=1e-5)


def test_the_graph_bootstraps_truncations_and_not_terminations() -> None:
    torch.manual_seed(0)
    actions = DiscreteActions(2)
    actor = Actor(MLP(4, [8], 2, activation="tanh", output_gain=1.0), actions)
    critic = Critic(MLP(4, [8], 1, activation="tanh", output_gain=1.0))
    steps, count = 12, 2
    terminated, truncated = (
        torch.zeros(steps, count, dtype=torch.bool),
        torch.zeros(steps, count, dtype=torch.bool),
    )
    terminated[3, 0], truncated[7, 1], truncated[11, 0] = True, True, True
    experience = Experience(
        observation=torch.randn(steps, count, 4),
        action=torch.randint(0, 2, (steps, count)),
        reward=torch.randn(steps, count),
        terminated=terminated,
        truncated=truncated,
        last_observation=torch.randn(count, 4),
        final_observation=torch.randn(steps, count, 4),
    )
    both = torch.nn.ModuleList([actor, critic])
    with torch.no_grad():
        batch = training_batch(
            Networks.of(actor, critic, both), named_tensors(both), experience, GAMMA, LAMBDA
        )
        value = critic(experience.observation)
        next_value = torch.cat([value[1:], critic(experience.last_observation)[None]])
        next_value[terminated] = 0.0
        next_value[truncated] = critic(experience.final_observation)[truncated]
    expected = by_definition(
        experience.reward.numpy(), value.numpy(), next_value.numpy(), (terminated | truncated).numpy()
    )
    np.testing.assert_allclose(batch["advantage"].view(steps, count), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(batch["value_target"], batch["advantage"] + value.flatten())
