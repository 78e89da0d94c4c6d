"""The eager road: rollouts in NumPy, autograd on the loss module; nothing to compile, so a run starts at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlkernel_rl.advantage import generalised_advantages
from mlkernel_rl.eager_update import EagerUpdate
from mlkernel_rl.engine import IterationOutcome
from mlkernel_rl.engine_parts import EngineParts
from mlkernel_rl.environments.spaces import FloatArray
from mlkernel_rl.rollout import Rollout


class EagerEngine:
    """See :class:`mlkernel_rl.engine.Engine`."""

    road = "eager"

    def __init__(self, parts: EngineParts) -> None:
        self._actor = parts.actor
        self._critic = parts.critic
        self._settings = parts.settings
        self._generator = parts.generator
        self._device = parts.device
        self._collector = parts.collector()
        self._update = EagerUpdate(parts.loss_module, self._settings.adam)

    def iterate(self, learning_rate: float) -> IterationOutcome:
        """Do one iteration."""
        rollout, reward = self._collector.collect()
        batch = self._batch(rollout, reward)
        indices = torch.from_numpy(self._settings.minibatch_indices(self._generator)).to(self._device)
        metrics = self._update(batch, indices, learning_rate)
        return IterationOutcome(rollout.reward, rollout.terminated, rollout.truncated, metrics)

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the optimiser and the environments."""
        return {"optimiser": self._update.state_dict(), "collector": self._collector.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._update.load_state_dict(state["optimiser"])
        self._collector.load_state_dict(state["collector"])

    @torch.no_grad()
    def _batch(self, rollout: Rollout, reward: FloatArray) -> dict[str, Tensor]:
        """Return the flat batch that loss modules take, [T * N, ...]."""
        observation = self._tensor(rollout.observation).flatten(0, 1)
        action = self._tensor(rollout.action).flatten(0, 1)
        log_prob = self._actor(observation).log_prob(action)
        value, next_value = self._values(observation, rollout)
        settings = self._settings
        advantage = generalised_advantages(
            reward, value, next_value, rollout.done, settings.gamma, settings.gae_lambda
        )
        return {
            "observation": observation,
            "action": action,
            "log_prob": log_prob,
            "value": self._tensor(value).flatten(),
            "advantage": self._tensor(advantage).flatten(),
            "value_target": self._tensor(advantage + value).flatten(),
            "reward": self._tensor(reward).flatten(),
        }

    def _values(self, observation: Tensor, rollout: Rollout) -> tuple[FloatArray, FloatArray]:
        """Return the values acted on and those of what followed, [T, N] each: zero after a termination."""
        places = sorted(rollout.final_observation)
        final = [rollout.final_observation[place][None] for place in places]
        followed = self._tensor(np.concatenate([rollout.last_observation, *final]))
        values = self._critic(torch.cat([observation, followed])).cpu().numpy()
        steps, count = rollout.reward.shape
        value = values[: steps * count].reshape(steps, count)
        next_value = np.concatenate([value[1:], values[None, steps * count : (steps + 1) * count]])
        next_value[rollout.done] = 0.0
        for place, bootstrap in zip(places, values[(steps + 1) * count :], strict=True):
            next_value[place] = bootstrap
        return value, next_value

    def _tensor(self, array: Any) -> Tensor:
        return torch.from_numpy(array).to(self._device)
