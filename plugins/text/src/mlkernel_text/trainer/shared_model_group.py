"""Agents that share one model, and train it together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from mlkernel import UsageError
from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.scenario.scenario import Scenario
from mlkernel_text.trainer.agent_settings import AgentSettings
from mlkernel_text.trainer.training_rows import Row, guess_replaced_rows, preference_rows, supervised_rows


class PlanJob(Protocol):
    """Takes the rows of a group's job; the trainer submits it when all groups are planned."""

    def __call__(
        self,
        group: SharedModelGroup,
        method: TrainingMethod,
        rows: Sequence[Row],
        *,
        job_name: str | None,
        options: Mapping[str, Any] = {},
    ) -> None:
        """Plan the job."""


class SharedModelGroup:
    """One model and the agents that speak with it.

    Its ``create_...`` methods write down what shall be trained; nothing is sent before the trainer's stage is over.
    A group that is frozen, or not trained in this iteration by its update schedule, takes the call and does nothing.

    :param name: the name that its agents give, or the one agent's own.
    :param agents: agent → settings.
    """

    def __init__(
        self, name: str, agents: Mapping[str, AgentSettings], scenario: Scenario, plan_job: PlanJob
    ) -> None:
        self.name = name
        self.agent_names = tuple(agents)
        self.base_model = ""
        """What it starts from; known once the back end is prepared."""
        self.model = ""
        """What its agents speak with now."""
        self.history: list[str] = []
        """Its models before, the base model first."""
        self._settings = _agreed(name, agents)
        self._scenario = scenario
        self._plan_job = plan_job

    def prepare(self, default_model: str) -> None:
        """Take the back end's model, unless the configuration names one; a resumed group keeps what it has."""
        self.base_model = self._settings.model or default_model
        self.model = self.model or self.base_model

    @property
    def is_frozen(self) -> bool:
        """Whether it is never trained."""
        return self._settings.freeze

    @property
    def trains_onward(self) -> bool:
        """Whether each job starts from the newest model, and not from the base model."""
        return not self._settings.from_scratch

    @property
    def starting_model(self) -> str:
        """What its next job starts from."""
        return self.model if self.trains_onward else self.base_model

    def why_untrained(self, iteration: int) -> str | None:
        """Why the group has no job in *iteration*; ``None`` if it may have one."""
        if self.is_frozen:
            return "frozen"
        if not self._settings.update_schedule.is_updated(iteration):
            return "not its turn by the update schedule"
        return None

    def switch_to(self, model: str) -> None:
        """Speak with *model* from now on."""
        self.history.append(self.model)
        self.model = model

    def create_supervised_fine_tune_job(
        self,
        rollouts_per_agent: Mapping[str, NestedArrayDict],
        guess_replaced_rollouts: Mapping[str, NestedArrayDict] = {},
        *,
        weights_per_agent: Mapping[str, Sequence[float]] = {},
        job_name: str | None = None,
    ) -> None:
        """Imitate what the agents said.

        :param rollouts_per_agent: agent → the rollouts that it learns from, batch (path, round).
        :param guess_replaced_rollouts: agent → rollouts whose last message of the agent is replaced by the truth.
        :param weights_per_agent: agent → a weight for each of its rollouts, for back ends that honour weights.
        :param job_name: what the log calls the job; providers are told its key.
        """
        self._check_agents(rollouts_per_agent, guess_replaced_rollouts, weights_per_agent)
        rows: list[Row] = []
        for agent in self.agent_names:
            if agent in rollouts_per_agent:
                rows += supervised_rows(rollouts_per_agent[agent], agent, weights_per_agent.get(agent))
            if agent in guess_replaced_rollouts:
                rows += guess_replaced_rows(guess_replaced_rollouts[agent], agent, self._scenario)
        self._plan_job(self, "sft", rows, job_name=job_name)

    def create_dpo_fine_tune_job(
        self,
        positive_examples_per_agent: Mapping[str, NestedArrayDict],
        negative_examples_per_agent: Mapping[str, NestedArrayDict],
        job_name: str | None = None,
    ) -> None:
        """Prefer what the agents said last in one rollout to what they said last in another, given the same chat.

        :param positive_examples_per_agent: agent → batch (example, round); rounds after the answer are padding.
        :param negative_examples_per_agent: agent → as many examples, each to be rejected in favour of its counterpart.
        :param job_name: what the log calls the job; providers are told its key.
        """
        self._check_agents(positive_examples_per_agent, negative_examples_per_agent)
        if alone := set(positive_examples_per_agent) ^ set(negative_examples_per_agent):
            raise UsageError(
                f"{', '.join(sorted(alone))} has positive or negative examples, and not both",
                hint="Each positive example is preferred to the negative one in its place: give as many of both.",
            )
        rows: list[Row] = []
        for agent in self.agent_names:
            if agent in positive_examples_per_agent:
                positive, negative = positive_examples_per_agent[agent], negative_examples_per_agent[agent]
                rows += preference_rows(positive, negative, agent)
        self._plan_job(self, "dpo", rows, job_name=job_name)

    def create_reinforcement_fine_tune_job(
        self, rows: Iterable[Row], grader: Mapping[str, Any], job_name: str | None = None
    ) -> None:
        """Let the provider sample, and grade, answers to chats.

        :param rows: ``messages`` that end with a user's, and the fields that the grader refers to.
        :param grader: as OpenAI's interface describes one.
        :param job_name: what the log calls the job; providers are told its key.
        """
        self._plan_job(self, "rft", list(rows), job_name=job_name, options={"grader": dict(grader)})

    def create_policy_gradient_job(self, rows: Iterable[Row], job_name: str | None = None) -> None:
        """Make sampled answers more or less probable.

        :param rows: ``messages`` (the prompt), ``completion``, its ``tokens`` and ``logprobs``, and ``advantage``.
        :param job_name: what the log calls the job; providers are told its key.
        """
        self._plan_job(self, "grpo", list(rows), job_name=job_name)

    def _check_agents(self, *given: Mapping[str, Any]) -> None:
        """Refuse what is given for agents that are not of the group, from which nothing would be learnt.

        :raises UsageError: there is one.
        """
        strangers = sorted({agent for per_agent in given for agent in per_agent} - set(self.agent_names))
        if strangers:
            raise UsageError(
                f"the group {self.name!r} has no agent {', '.join(map(repr, strangers))}",
                hint=f"Its agents are {', '.join(self.agent_names)}.",
            )

    def state_dict(self) -> dict[str, Any]:
        """Its models."""
        return {"model": self.model, "history": list(self.history)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        self.model, self.history = state["model"], list(state["history"])


def _agreed(name: str, agents: Mapping[str, AgentSettings]) -> AgentSettings:
    """What the agents of a group say of their common model.

    :raises UsageError: they disagree.
    """
    shared = ("model", "freeze", "from_scratch", "update_schedule")
    (first, settings), *others = agents.items()
    for other, theirs in others:
        for field in shared:
            if getattr(settings, field) != getattr(theirs, field):
                raise UsageError(
                    f"agents.{first}.{field} and agents.{other}.{field} differ, and both agents are of the shared model"
                    f" group {name!r}",
                    hint="Give both the same value, or let them have models of their own.",
                )
    return settings


def make_groups(
    scenario: Scenario, agents: Mapping[str, AgentSettings], plan_job: PlanJob
) -> dict[str, SharedModelGroup]:
    """Group the agents of *scenario* by the names that they give.

    :param agents: agent → settings.
    """
    members: dict[str, dict[str, AgentSettings]] = {}
    for agent in scenario.agents:
        settings = agents[agent.name]
        members.setdefault(settings.shared_model_group or agent.name, {})[agent.name] = settings
    return {name: SharedModelGroup(name, group, scenario, plan_job) for name, group in members.items()}
