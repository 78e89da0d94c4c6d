"""One agent answers one question, or decides about one proposed answer."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Self

from mlkernel import ConfigError
from mlkernel_text.chat import ChatMessage
from mlkernel_text.protocols.answer_format import decision_line
from mlkernel_text.protocols.decision_scale import decision_scale
from mlkernel_text.scenario.curriculum import Curriculum
from mlkernel_text.scenario.prompt_template import PromptTemplate, prompt_template, prompts_hash
from mlkernel_text.scenario.scenario import Agent, Instance, RoundResult, Split, Turn, Utterance
from mlkernel_text.scenarios.answer_readers import AnswerReader, ClaimReader, CompactReader, OpenReader
from mlkernel_text.scenarios.packaged_prompts import chosen_prompts
from mlkernel_text.scenarios.question_answering_config import QuestionAnsweringConfig
from mlkernel_text.tasks.text_task import TextTask

SOLVER, PROBLEM = "solver", "problem"
COMPACT_VARIABLE = "compact_question"


class QuestionAnswering:
    """Questions without a conversation, as scenario ``question-answering``.

    :raises ConfigError: the task does not have the form that is asked for, or a prompt breaks the rules of templates.
    """

    agents = (Agent(name=SOLVER, role="solver"),)
    decider = SOLVER
    channels = ("main",)
    max_rounds = 1

    def __init__(self, config: QuestionAnsweringConfig, seed: int) -> None:
        self.config = config
        self._task: TextTask = config.task.make(seed)
        if config.form not in self._task.forms:
            raise ConfigError(
                f"the task {config.task.name!r} has no problems of the form {config.form!r}",
                hint=f"It has: {', '.join(self._task.forms)}.",
            )
        rewards = (config.right_reward, config.wrong_reward)
        self.reward_range: Mapping[str, tuple[float, float]] = {SOLVER: (min(rewards), max(rewards))}
        self._scale = decision_scale(config.decision_scale)
        language = self._task.compact(config.form) if config.compact else None
        self._language = language
        self.curriculum: Curriculum | None = None if language is None else language.curriculum
        self._reader = self._choose_reader()
        self._variables = frozenset({"form", "claim", "grades", "example_decision"}) | self._task.fields
        self._prompts = self._choose_prompts()
        self.prompts_hash = prompts_hash(self._prompts)

    def instances(self, split: Split) -> Sequence[Instance]:
        """The problems of the task."""
        return self._task.instances(split, self.config.form)

    def begin(
        self,
        instance: Instance,
        seed: int,
        instructions: Mapping[str, str] = {},
        prompts: Mapping[str, str] = {},
    ) -> Answering:
        """Ask the question of *instance*."""
        system = self._prompts[SOLVER]
        if SOLVER in prompts:
            system = prompt_template(SOLVER, prompts[SOLVER], self._variables)
        values = self._values(instance)
        told = "\n\n".join(filter(None, (system.render(values), instructions.get(SOLVER))))
        asked = self._prompts[PROBLEM].render(values)
        return Answering(instance, told, asked, self._reader, self.config)

    def decision_text(self, label: int) -> str:
        """A line that decides with the strongest word of the scale.

        :raises ConfigError: the questions are open, so that there is nothing to decide.
        """
        if self.config.form == "question":
            raise ConfigError(
                "open questions have no decision that could be written for the agent",
                hint="Choose scenario.form=claim, or do not replace guesses by the truth.",
            )
        return decision_line(self._scale.word(label))

    def hint(self, instance: Instance) -> str:
        """The right answer, told beforehand."""
        if self.config.form == "claim":
            return f"The right answer ends with {self.decision_text(instance.label)!r}."
        return f"The right answer is {instance.answer}."

    def details(self, instance: Instance, utterances: Sequence[tuple[str, Utterance]]) -> Mapping[str, float]:
        """How sure the agent was of the truth, in [0, 1], where it decided about a proposed answer."""
        confidences = [said.confidence for _, said in utterances if said.confidence is not None]
        if not confidences:
            return {}
        return {"confidence_in_truth": confidences[-1] if instance.label else 1.0 - confidences[-1]}

    def _choose_reader(self) -> AnswerReader:
        if self.config.form == "claim":
            return ClaimReader(self._scale)
        if self._language is not None:
            return CompactReader(self._task, self._language)
        return OpenReader(self._task)

    def _choose_prompts(self) -> dict[str, PromptTemplate]:
        problem = self._variables | {COMPACT_VARIABLE}
        offered = {SOLVER: self._variables, PROBLEM: problem}
        prompts = chosen_prompts(offered, self.config.prompts, {})
        if self._language is not None:
            prompts[SOLVER] = prompt_template(SOLVER, self._language.system, self._variables)
            prompts[PROBLEM] = prompt_template(PROBLEM, f"{{{{ {COMPACT_VARIABLE} }}}}", problem)
        return prompts

    def _values(self, instance: Instance) -> dict[str, object]:
        return {
            **instance.fields,
            "form": self.config.form,
            "claim": self._task.claim,
            "grades": self._scale.description,
            "example_decision": self._scale.word(1),
            COMPACT_VARIABLE: "" if self._language is None else self._language.ask(instance),
        }


class Answering:
    """One question, one answer."""

    def __init__(
        self,
        instance: Instance,
        system: str,
        question: str,
        reader: AnswerReader,
        config: QuestionAnsweringConfig,
    ) -> None:
        self.round = 0
        self.done = False
        self.correct: bool | None = None
        self._instance = instance
        self._chat = (
            ChatMessage(role="system", content=system),
            ChatMessage(role="user", content=question),
        )
        self._reader = reader
        self._config = config

    def turns(self) -> tuple[Turn, ...]:
        """The agent's only turn."""
        turn = Turn(agent=SOLVER, round=0, new_messages=self._chat, chat=self._chat)
        return () if self.done else (turn,)

    def read(self, agent: str, text: str) -> Utterance:
        """The answer in *text*."""
        return self._reader.read(text)

    def silence(self, agent: str, problem: str) -> Utterance:
        """No answer."""
        return Utterance(text="", problem=problem)

    def advance(self, utterances: Mapping[str, Utterance]) -> RoundResult:
        """Compare with the truth."""
        self.correct = self._reader.is_right(self._instance, utterances[SOLVER])
        self.round, self.done = 1, True
        reward = self._config.right_reward if self.correct else self._config.wrong_reward
        return RoundResult(rewards={SOLVER: reward}, done=True)

    def copy(self) -> Self:
        """Another one that stands where this one does."""
        return copy.copy(self)
