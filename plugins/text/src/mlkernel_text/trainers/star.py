"""STaR: agents learn from rationales that led to the right answer, and from hinted ones where theirs did not.

Zelikman et al. 2022, "STaR: Bootstrapping Reasoning With Reasoning", algorithm 1:

    for n = 1 ... N
        sample rationales and answers with the model M_{n-1}                          (line 3)
        where the answer is wrong, sample again with the right answer as a hint       (line 4)
        keep what ends with the right answer, the hint removed                        (lines 5, 6)
        M_n is the *base* model M, trained on both                                    (line 7)
"""

from __future__ import annotations

from typing import ClassVar

from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.rollouts.rollouts import rollouts_from
from mlkernel_text.trainer.hinted_scenario import HintedScenario, without_hint
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.selection import at_least
from mlkernel_text.trainers.star_config import StarConfig


class Star(PureTextTrainer):
    """Trainer ``star``."""

    Config = StarConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"sft"})
    trains_from_base: ClassVar[bool] = True

    async def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train each group on what ended well, hinted or not."""
        if self.config.rationalise:
            rollouts = rollouts_from([*self._trained_episodes(), *await self._rationalise()], self.scenario)
        for group in self.shared_model_groups.values():
            selected = {
                agent: rollouts[at_least(self._agent_returns(rollouts, agent), self.config.threshold)]
                for agent in group.agent_names
            }
            group.create_supervised_fine_tune_job(selected, job_name=self._get_fine_tune_job_name(group))

    async def _rationalise(self) -> list[Episode]:
        """Play the episodes that ended wrongly again, with a hint; return them without it."""
        failed = {
            episode.index for episode in self._load_episodes(self.iteration) if not episode.nodes[-1].correct
        }
        tasks = [task for task in self.train_environment.tasks(self.iteration) if task.index in failed]
        hinted = await self._sample_episodes(
            HintedScenario(self.scenario), tasks, journal=f"hinted-{self.iteration:04d}"
        )
        instances = {task.index: task.instance for task in tasks}
        players = self._players()
        instructions = {agent: player.instructions for agent, player in players.items()}
        prompts = {agent: player.prompt for agent, player in players.items() if player.prompt is not None}
        return [
            without_hint(episode, self.scenario, instances[episode.index], instructions, prompts)
            for episode in hinted
        ]
