"""A scenario whose agents are told the right answer beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from mlkernel_text.rollouts.episode import Episode, Node
from mlkernel_text.scenario.scenario import Instance, Interaction, Scenario, Split, Utterance


class HintedScenario:
    """*scenario* with a hint at the end of each system prompt; in everything else the same."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.agents = scenario.agents
        self.decider = scenario.decider
        self.channels = scenario.channels
        self.max_rounds = scenario.max_rounds
        self.reward_range = scenario.reward_range
        self.curriculum = scenario.curriculum

    def instances(self, split: Split) -> Sequence[Instance]:
        """The problems of the scenario."""
        return self._scenario.instances(split)

    def begin(
        self,
        instance: Instance,
        seed: int,
        instructions: Mapping[str, str] = {},
        prompts: Mapping[str, str] = {},
    ) -> Interaction:
        """Start an episode whose agents know how it should end."""
        hint = self._hint(instance)
        told = {
            agent.name: "\n".join(filter(None, (instructions.get(agent.name), hint))) for agent in self.agents
        }
        return self._scenario.begin(instance, seed, told, prompts)

    def decision_text(self, label: int) -> str:
        """As the scenario's."""
        return self._scenario.decision_text(label)

    def details(self, instance: Instance, utterances: Sequence[tuple[str, Utterance]]) -> Mapping[str, float]:
        """As the scenario's."""
        return self._scenario.details(instance, utterances)

    def _hint(self, instance: Instance) -> str:
        own: Any = getattr(self._scenario, "hint", None)
        if own is not None:
            return str(own(instance))
        truth = instance.answer if instance.answer is not None else self.decision_text(instance.label)
        return f"Hint: the right answer is: {truth}"


def without_hint(
    episode: Episode,
    scenario: Scenario,
    instance: Instance,
    instructions: Mapping[str, str],
    prompts: Mapping[str, str],
) -> Episode:
    """The same answers as if they had been given unhinted: each prompt is what *scenario* itself would have said.

    :param episode: a chain of turns, sampled in the hinted scenario.
    """
    interaction = scenario.begin(instance, episode.seed, instructions, prompts)
    nodes: list[Node] = []
    by_round: dict[int, dict[str, Node]] = {}
    for node in episode.nodes:
        by_round.setdefault(node.round, {})[node.agent] = node
    for _, said in sorted(by_round.items()):
        told = {turn.agent: turn.new_messages for turn in interaction.turns()}
        nodes += [attrs.evolve(node, prompt=tuple(told[agent])) for agent, node in said.items()]
        interaction.advance({agent: _utterance(interaction, node) for agent, node in said.items()})
    return attrs.evolve(episode, nodes=tuple(nodes))


def _utterance(interaction: Interaction, node: Node) -> Utterance:
    if node.outcome in ("ok", "length"):
        return interaction.read(node.agent, node.text)
    return interaction.silence(node.agent, node.problem or node.outcome)
