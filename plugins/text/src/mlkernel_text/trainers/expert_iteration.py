"""Expert iteration: agents imitate their own best rollouts.

Anthony, Tian and Barber 2017, "Thinking Fast and Slow with Deep Learning and Tree Search". With language models the
expert is the model itself after selection, as in rejection sampling and best-of-n fine-tuning: sample rollouts, keep
those with a high return for an agent, and train its model on what it said there.
"""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np

from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.scenario.stable_random import stable_hash
from mlkernel_text.trainer.guess_replacement import split_for_replacement
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.selection import Indices, at_least, best_of_each, draw, shifted_weights
from mlkernel_text.trainer.text_environment import TextEnvironment
from mlkernel_text.trainers.expert_iteration_config import ExpertIterationConfig


class ExpertIteration(PureTextTrainer):
    """Trainer ``expert-iteration``."""

    Config = ExpertIterationConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"sft"})

    def _make_train_environment(self) -> TextEnvironment:
        environment = super()._make_train_environment()
        if self.config.selection == "best":
            return attrs.evolve(environment, repeats=self.config.best_of)
        return environment

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train each group on the rollouts that were good for its agents."""
        for group in self.shared_model_groups.values():
            selected, guess_replaced = {}, {}
            for agent in group.agent_names:
                candidates = rollouts
                if agent == self.scenario.decider:
                    replaced, others = self._split_for_replacement(len(rollouts), agent)
                    guess_replaced[agent], candidates = rollouts[replaced], rollouts[others]
                selected[agent] = candidates[self._select(candidates, agent)]
            group.create_supervised_fine_tune_job(
                selected, guess_replaced, job_name=self._get_fine_tune_job_name(group)
            )

    def _select(self, rollouts: NestedArrayDict, agent: str) -> Indices:
        """The rollouts that *agent* learns from."""
        config: ExpertIterationConfig = self.config
        returns = self._agent_returns(rollouts, agent)
        if config.selection == "threshold" or not len(returns):
            return at_least(returns, config.threshold)
        if config.selection == "weighted":
            weights = shifted_weights(returns, config.minimum, config.epsilon)
            count = round(config.sample_share * len(returns))
            random = np.random.default_rng(
                stable_hash("weighted selection", self.run.seed, self.iteration, agent)
            )
            return draw(weights, count, random, with_replacement=config.replace)
        best = best_of_each(returns, rollouts["datapoint_id"][:, 0].tolist(), config.keep_best)
        return best if config.least_return is None else best[returns[best] >= config.least_return]

    def _split_for_replacement(self, count: int, agent: str) -> tuple[Indices, Indices]:
        share = self._get_verifier_guess_replacement_proportion(self.iteration)
        return split_for_replacement(count, share, seed=self.run.seed, iteration=self.iteration, agent=agent)
