"""The eager road for TorchRL loss modules: the same rollouts and updates, with TensorDicts where the module looks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from tensordict import TensorDict
from torch import Tensor

from mlkernel_rl.eager_engine import EagerEngine
from mlkernel_rl.engine_parts import EngineParts
from mlkernel_rl.environments.spaces import FloatArray
from mlkernel_rl.rollout import Rollout


class TensorDictEngine(EagerEngine):
    """See :class:`mlkernel_rl.engine.Engine`; advantages are the value estimator's where the trainer gave one."""

    road = "eager, TensorDict"

    def __init__(self, parts: EngineParts) -> None:
        super().__init__(parts)
        self._value_estimator = parts.value_estimator
        loss_module: Any = parts.loss_module
        self._log_prob_key = loss_module.tensor_keys.sample_log_prob

    @torch.no_grad()
    def _batch(self, rollout: Rollout, reward: FloatArray) -> Any:
        """Return a TensorDict [T * N] with TorchRL's keys."""
        flat = super()._batch(rollout, reward)
        data = TensorDict(
            {
                "observation": flat["observation"],
                "action": flat["action"],
                self._log_prob_key: flat["log_prob"],
                "state_value": flat["value"][:, None],
                "advantage": flat["advantage"][:, None],
                "value_target": flat["value_target"][:, None],
                "next": self._next(rollout, reward),
            },
            [len(flat["action"])],
        )
        if self._value_estimator is None:
            return data
        # The estimators run along the last batch dimension.
        steps, count = reward.shape
        fresh = data.exclude("state_value", "advantage", "value_target")
        by_environment = fresh.view(steps, count).transpose(0, 1).contiguous()
        self._value_estimator(by_environment)
        return by_environment.reshape(-1)

    def _next(self, rollout: Rollout, reward: FloatArray) -> TensorDict:
        following = np.concatenate([rollout.observation[1:], rollout.last_observation[None]])
        for place, observation in rollout.final_observation.items():
            following[place] = observation
        return TensorDict(
            {
                "observation": self._tensor(following).flatten(0, 1),
                "reward": self._column(reward),
                "terminated": self._column(rollout.terminated),
                "done": self._column(rollout.done),
            },
            [reward.size],
        )

    def _column(self, array: Any) -> Tensor:
        return self._tensor(array).reshape(-1, 1)
