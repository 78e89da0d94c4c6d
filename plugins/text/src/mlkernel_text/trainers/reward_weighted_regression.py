"""Reward-weighted regression: agents imitate all their rollouts, the better ones more.

Peters and Schaal 2007, "Reinforcement Learning by Reward-Weighted Regression for Operational Space Control"; in the
form of Peng et al. 2019, "Advantage-Weighted Regression", eq. 6, without a value function:

    maximise over the model   E[ exp(R / beta) log p(answer | chat) ]

where R is the return of the rollout. Providers without weights for rows get each row about as often as its weight says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.scenario.stable_random import stable_hash
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.selection import exponential_weights, resample
from mlkernel_text.trainers.reward_weighted_regression_config import RewardWeightedRegressionConfig


class RewardWeightedRegression(PureTextTrainer):
    """Trainer ``reward-weighted-regression``."""

    Config = RewardWeightedRegressionConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"sft"})

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train each group on all rollouts, by weight."""
        for group in self.shared_model_groups.values():
            chosen: dict[str, NestedArrayDict] = {}
            weights: dict[str, Sequence[float]] = {}
            for agent in group.agent_names:
                if self._sends_weights:
                    chosen[agent], weights[agent] = rollouts, self._weights(rollouts, agent).tolist()
                else:
                    random = np.random.default_rng(
                        stable_hash("resampling", self.run.seed, self.iteration, agent)
                    )
                    chosen[agent] = rollouts[resample(self._weights(rollouts, agent), random)]
            group.create_supervised_fine_tune_job(
                chosen, weights_per_agent=weights, job_name=self._get_fine_tune_job_name(group)
            )

    @property
    def _sends_weights(self) -> bool:
        if self.config.weighting == "auto":
            return self.backend.capabilities.row_weight == "float"
        return bool(self.config.weighting == "rows")

    def _weights(self, rollouts: NestedArrayDict, agent: str) -> np.ndarray:
        config: RewardWeightedRegressionConfig = self.config
        return exponential_weights(
            self._agent_returns(rollouts, agent), config.temperature, config.largest_weight
        )
