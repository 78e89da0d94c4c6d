"""ReST: grow a data set with the present model, then improve on it several times with rising thresholds.

Gulcehre et al. 2023, "Reinforced Self-Training (ReST) for Language Modeling", algorithm 1:

    Grow      sample a data set D_g with the present model
    Improve   for thresholds tau_1 < tau_2 < ...: train on { x in D_g : R(x) >= tau_i }

An iteration of this trainer is one improvement; the first of each round grows the data set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.selection import at_least
from mlkernel_text.trainer.text_environment import TextEnvironment
from mlkernel_text.trainers.rest_config import RestConfig


class Rest(PureTextTrainer):
    """Trainer ``rest``."""

    Config = RestConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"sft"})

    def _make_train_environment(self) -> TextEnvironment:
        return attrs.evolve(super()._make_train_environment(), repeats=self.config.answers)

    @property
    def _grown_in(self) -> int:
        """The iteration in which the present data set was sampled."""
        return self.iteration - self.iteration % len(self.config.thresholds)

    async def _stage_sample_rollouts(self) -> NestedArrayDict:
        """Grow a data set in the first iteration of a round; take it from its journal in the others."""
        if self.iteration == self._grown_in:
            return await super()._stage_sample_rollouts()
        return self._load_rollouts(self._grown_in)

    def _previous_compatible_iterations(self) -> Iterable[int]:
        return range(0, self.iteration + 1, len(self.config.thresholds))

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train each group on the part of the data set that reaches this improvement's threshold."""
        share = self.config.thresholds[self.iteration - self._grown_in]
        for group in self.shared_model_groups.values():
            selected = {}
            for agent in group.agent_names:
                least, greatest = self.scenario.reward_range[agent]
                threshold = least + share * (greatest - least)
                selected[agent] = rollouts[at_least(self._agent_returns(rollouts, agent), threshold)]
            group.create_supervised_fine_tune_job(selected, job_name=self._get_fine_tune_job_name(group))
