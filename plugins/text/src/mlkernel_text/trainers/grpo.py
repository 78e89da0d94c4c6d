"""Group-relative policy optimisation: a clipped policy gradient on advantages within groups of answers.

Shao et al. 2024, "DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models", eq. 3 and
section 4.1.2. For each answer o_i of a group of answers to one chat

    A_i = (R_i - mean R) / (std R + epsilon)
    maximise   E min( r_t A_i, clip(r_t, 1 - clip, 1 + clip) A_i )  - kl_coefficient * KL

with r_t the ratio of a token's probabilities under the trained and the sampling model. In an episode of several turns
the group is what was said at one turn, and R_i the mean return of what followed. The back end computes the gradient.
"""

from __future__ import annotations

import json
from typing import ClassVar

import attrs

from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.chats import chat_of
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.rollouts.player import Player
from mlkernel_text.trainer.preference_pairs import group_advantages
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.response_tree import ResponseTrees
from mlkernel_text.trainer.text_environment import TextEnvironment
from mlkernel_text.trainer.training_rows import Row
from mlkernel_text.trainers.grpo_config import GrpoConfig


class Grpo(PureTextTrainer):
    """Trainer ``grpo``."""

    Config = GrpoConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"grpo"})
    needs_logprobs: ClassVar[bool] = True

    def _make_train_environment(self) -> TextEnvironment:
        branching = {
            agent: 1 if group.is_frozen else self.config.group_size
            for group in self.shared_model_groups.values()
            for agent in group.agent_names
        }
        return attrs.evolve(super()._make_train_environment(), branching=branching)

    def _player(self, agent: str, model: str) -> Player:
        return attrs.evolve(super()._player(agent, model), logprobs=True)

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train each group on the answers of its agents, each with its advantage."""
        trees = ResponseTrees(rollouts)
        for group in self.shared_model_groups.values():
            rows = [row for agent in group.agent_names for row in self._rows(rollouts, trees, agent)]
            group.create_policy_gradient_job(rows, job_name=self._get_fine_tune_job_name(group))

    def _rows(self, rollouts: NestedArrayDict, trees: ResponseTrees, agent: str) -> list[Row]:
        """Answers of *agent* in groups whose members differ in value; in the others there is no gradient."""
        rows: list[Row] = []
        index = self.agent_names.index(agent)
        for siblings in trees.siblings(index):
            values = [trees.value(turn) for turn in siblings]
            if max(values) == min(values):
                continue
            for turn, advantage in zip(siblings, group_advantages(values, self.config.epsilon), strict=True):
                place = (turn.path, turn.round, index)
                tokens, logprobs = rollouts["agents", "tokens"][place], rollouts["agents", "logprobs"][place]
                if tokens is not None and logprobs is not None:
                    chat = chat_of(rollouts, turn.path, agent, upto_round=turn.round)
                    rows.append(
                        {
                            "messages": chat[:-1],
                            "completion": turn.text,
                            "tokens": json.loads(tokens),
                            "logprobs": json.loads(logprobs),
                            "advantage": advantage,
                        }
                    )
        return rows
