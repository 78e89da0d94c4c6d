"""Direct preference optimisation on the agents' own answers.

Rafailov et al. 2023, "Direct Preference Optimization: Your Language Model is Secretly a Reward Model", eq. 7:

    minimise over the model   -E log sigmoid( beta log p(y_w|x)/p_ref(y_w|x) - beta log p(y_l|x)/p_ref(y_l|x) )

where y_w and y_l are a better and a worse answer to the chat x, and p_ref is the model before the job. One agent after
the other answers each chat several times while the others answer once; which answer is better, the game decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.trainer.preference_pairs import PreferencePair, all_pairs, best_and_worst
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.response_tree import ResponseTrees
from mlkernel_text.trainer.text_environment import TextEnvironment
from mlkernel_text.trainer.training_rows import up_to_turns
from mlkernel_text.trainers.dpo_config import DpoConfig


class Dpo(PureTextTrainer):
    """Trainer ``dpo``."""

    Config = DpoConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"dpo"})

    def _make_train_environment(self) -> TextEnvironment:
        environment = super()._make_train_environment()
        trained = [
            agent
            for group in self.shared_model_groups.values()
            for agent in group.agent_names
            if not group.is_frozen
        ]
        return OneAgentAtATime(
            **attrs.asdict(
                attrs.evolve(environment, episodes=self.config.episodes * max(1, len(trained))),
                recurse=False,
            ),
            agents=trained,
            answers=self.config.answers,
        )

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train each group on pairs of its agents' answers."""
        trees = ResponseTrees(rollouts)
        for group in self.shared_model_groups.values():
            positive, negative = {}, {}
            for agent in group.agent_names:
                pairs = list(self._pairs(trees, agent))
                positive[agent] = up_to_turns(rollouts, [pair.preferred for pair in pairs])
                negative[agent] = up_to_turns(rollouts, [pair.rejected for pair in pairs])
            group.create_dpo_fine_tune_job(positive, negative, job_name=self._get_fine_tune_job_name(group))

    def _pairs(self, trees: ResponseTrees, agent: str) -> Iterable[PreferencePair]:
        choose = best_and_worst if self.config.pairs == "best-worst" else all_pairs
        for siblings in trees.siblings(self.agent_names.index(agent)):
            yield from choose(siblings, trees.value)


@attrs.define(kw_only=True)
class OneAgentAtATime(TextEnvironment):
    """In each episode one agent gives several answers at each of its turns; agents take turns by episode."""

    agents: list[str]
    answers: int

    def tasks(self, iteration: int) -> list[EpisodeTask]:
        """The episodes of *iteration*."""
        tasks = super().tasks(iteration)
        if not self.agents:
            return tasks
        return [
            attrs.evolve(task, branching={self.agents[task.index % len(self.agents)]: self.answers})
            for task in tasks
        ]
