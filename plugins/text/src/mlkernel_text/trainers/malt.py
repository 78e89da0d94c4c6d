"""MALT: response trees, and a preference at every turn.

Motwani et al. 2024, "MALT: Improving Reasoning with Multi-Agent LLM Training". Several answers are followed at each
turn of an episode, which grows into a tree. A turn's value for the agent who spoke is the mean of its children's
(section 3.2); answers to one chat with different values make a preference pair, and each model is trained by DPO on the
pairs of its agents (Rafailov et al. 2023, eq. 7), with its present self as the reference. A negative-log-likelihood
term on preferred answers (Pang et al. 2024, "Iterative Reasoning Preference Optimization", eq. 1) keeps their
probability from falling.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.scenario.stable_random import stable_random
from mlkernel_text.trainer.preference_pairs import PreferencePair, across_threshold, apart_by
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.requirements import check_capabilities
from mlkernel_text.trainer.response_tree import ResponseTrees
from mlkernel_text.trainer.selection import at_least
from mlkernel_text.trainer.text_environment import TextEnvironment
from mlkernel_text.trainer.training_rows import up_to_turns
from mlkernel_text.trainers.malt_config import MaltConfig


class Malt(PureTextTrainer):
    """Trainer ``malt``."""

    Config = MaltConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"dpo"})

    def _check(self) -> None:
        super()._check()
        if self.config.initial_ei_iterations:
            check_capabilities(self.backend, "initial_ei_iterations", methods={"sft"})

    def _make_train_environment(self) -> TextEnvironment:
        return attrs.evolve(super()._make_train_environment(), branching=self._branching())

    def _branching(self) -> dict[str, int]:
        config: MaltConfig = self.config
        single = {
            agent
            for group in self.shared_model_groups.values()
            for agent in group.agent_names
            if group.is_frozen and config.frozen_agents_give_one_response
        }
        return {agent: 1 if agent in single else config.responses for agent in self.agent_names}

    def _is_warm_up(self, iteration: int) -> bool:
        return bool(iteration < self.config.initial_ei_iterations)

    async def _sample_rollouts(self, environment: TextEnvironment, iteration: int) -> NestedArrayDict:
        """Sample trees; single rollouts for tests and in the warm-up."""
        if environment is self.train_environment and self._is_warm_up(iteration):
            environment = attrs.evolve(environment, branching={}, episodes=self.config.ei_episodes)
        return await super()._sample_rollouts(environment, iteration)

    def _previous_compatible_iterations(self) -> Iterable[int]:
        warm_up = self._is_warm_up(self.iteration)
        return [number for number in range(self.iteration + 1) if self._is_warm_up(number) == warm_up]

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train each group on the preference pairs of its agents."""
        if self._is_warm_up(self.iteration):
            self._imitate_the_best(rollouts)
            return
        trees = ResponseTrees(rollouts)
        for group in self.shared_model_groups.values():
            positive, negative = {}, {}
            for agent in group.agent_names:
                pairs = self._pairs(trees, agent)
                positive[agent] = up_to_turns(rollouts, [pair.preferred for pair in pairs])
                negative[agent] = up_to_turns(rollouts, [pair.rejected for pair in pairs])
            group.create_dpo_fine_tune_job(positive, negative, job_name=self._get_fine_tune_job_name(group))

    def _pairs(self, trees: ResponseTrees, agent: str) -> list[PreferencePair]:
        """At most one pair for each chat that *agent* answered in several ways, the first of an episode included."""
        config: MaltConfig = self.config
        least, greatest = self.scenario.reward_range[agent]
        pairs: list[PreferencePair] = []
        for siblings in trees.siblings(self.agent_names.index(agent)):
            random = stable_random(
                "pair", self.run.seed, self.iteration, siblings[0].episode, siblings[0].node
            )
            if config.pair_selection == "positive-negative":
                pairs += across_threshold(siblings, trees.value, (least + greatest) / 2, random)
            else:
                pairs += apart_by(siblings, trees.value, config.interval * (greatest - least), random)
        return pairs

    def _imitate_the_best(self, rollouts: NestedArrayDict) -> None:
        for group in self.shared_model_groups.values():
            selected = {
                agent: rollouts[at_least(self._agent_returns(rollouts, agent), self.config.ei_threshold)]
                for agent in group.agent_names
            }
            group.create_supervised_fine_tune_job(selected, job_name=self._get_fine_tune_job_name(group))

    def _get_log_stats(self, rollouts: NestedArrayDict, *, train: bool = True) -> dict[str, float]:
        """Add the size of the trees, and how often an agent's answers made a pair."""
        stats = super()._get_log_stats(rollouts, train=train)
        if not train or self._is_warm_up(self.iteration):
            return stats
        trees = ResponseTrees(rollouts)
        stats["mean_tree_turns"] = len(trees.turns) / len({turn.episode for turn in trees.turns.values()})
        for index, agent in enumerate(self.agent_names):
            choices = [siblings for siblings in trees.siblings(index) if len(siblings) > 1]
            pairs = len(self._pairs(trees, agent))
            stats[f"{agent}.pairs"] = float(pairs)
            stats[f"{agent}.pair_proportion"] = pairs / len(choices) if choices else 0.0
        return stats
