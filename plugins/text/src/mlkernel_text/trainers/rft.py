"""Reinforcement fine-tuning at the provider: it samples answers of the model in training, and a grader scores them.

OpenAI's reinforcement fine-tuning, and what others offer in its form. The provider knows no other agents, so that only
an agent's answer to one chat is trained, with all that was said before frozen in the prompt: here the last decision of
the decider, graded by the right one. The rollouts of an iteration bring the chats.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mlkernel import UsageError
from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.chats import chat_of
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.training_rows import Row
from mlkernel_text.trainers.rft_config import RftConfig

_ENDS_WITH = """
def grade(sample, item):
    return float(sample["output_text"].strip().endswith(item["reference"]))
"""


class Rft(PureTextTrainer):
    """Trainer ``rft``."""

    Config = RftConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset({"rft"})

    def _check(self) -> None:
        super()._check()
        if self.config.grader == "custom" and self.config.custom_grader is None:
            raise UsageError(
                "grader=custom needs custom_grader, a grader as OpenAI's interface describes one"
            )

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Train the decider's group on the chats that its last answers ended."""
        agent = self.scenario.decider
        for group in self.shared_model_groups.values():
            if agent in group.agent_names:
                group.create_reinforcement_fine_tune_job(
                    self._rows(rollouts, agent), self._grader(), job_name=self._get_fine_tune_job_name(group)
                )

    def _rows(self, rollouts: NestedArrayDict, agent: str) -> list[Row]:
        rows: list[Row] = []
        problems = {
            key: instance
            for iteration in self._trained_iterations()
            for key, instance in self.train_environment.instances(iteration).items()
        }
        for path in range(len(rollouts)):
            if chat := chat_of(rollouts, path, agent):
                instance = problems[str(rollouts["datapoint_id"][path, 0])]
                truth = instance.answer or self.scenario.decision_text(instance.label)
                rows.append({"messages": list(chat[:-1]), "reference": truth, "label": instance.label})
        return rows

    def _grader(self) -> dict[str, Any]:
        config: RftConfig = self.config
        if config.grader == "custom":
            return dict(config.custom_grader or {})
        if config.grader == "ends-with":
            return {"type": "python", "name": "ends with the truth", "source": _ENDS_WITH}
        return {
            "type": "string_check",
            "name": f"{config.grader} the truth",
            "operation": {"contains": "like", "equals": "eq"}[config.grader],
            "input": "{{sample.output_text}}",
            "reference": "{{item.reference}}",
        }
