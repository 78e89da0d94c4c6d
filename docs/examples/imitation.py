"""A pure-text trainer of one method: imitate the rollouts that went well."""

from __future__ import annotations

from mlkernel_text import NestedArrayDict, PureTextTrainer


class Imitation(PureTextTrainer):
    """Trains each agent on the rollouts in which it won."""

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        for group in self.shared_model_groups.values():
            won = {}
            for agent in group.agent_names:
                reward = rollouts["next", "agents", "reward"][..., self.agent_names.index(agent)]
                won[agent] = rollouts[reward.sum(axis=-1) > 0]
            group.create_supervised_fine_tune_job(won)
