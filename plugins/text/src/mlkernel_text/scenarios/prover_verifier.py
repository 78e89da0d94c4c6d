"""Provers and a verifier discuss a claim: any protocol, about any task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlkernel import ConfigError
from mlkernel_text.protocols.answer_format import decision_line
from mlkernel_text.protocols.interaction_protocol import InteractionProtocol
from mlkernel_text.protocols.zero_knowledge import ADVERSARY, SIMULATOR, ZeroKnowledge
from mlkernel_text.scenario.dialogue import Dialogue
from mlkernel_text.scenario.dialogue_prompts import SYSTEM_VARIABLES, TURN_VARIABLES, DialoguePrompts
from mlkernel_text.scenario.prompt_template import prompt_template, prompts_hash
from mlkernel_text.scenario.scenario import Instance, Split, Utterance
from mlkernel_text.scenarios.packaged_prompts import chosen_prompts
from mlkernel_text.scenarios.prover_verifier_config import ProverVerifierConfig
from mlkernel_text.tasks.text_task import TextTask

TURN = "turn"


class ProverVerifier:
    """A game by the rules of a protocol, as scenario ``prover-verifier``.

    :raises ConfigError: the task has no claims to discuss, or a prompt breaks the rules of templates.
    """

    decider = "verifier"
    curriculum = None

    def __init__(self, config: ProverVerifierConfig, seed: int) -> None:
        self.config = config
        self._task: TextTask = config.task.make(seed)
        if "claim" not in self._task.forms:
            raise ConfigError(
                f"the task {config.task.name!r} asks open questions only; a verifier needs a claim",
                hint="Choose another task, or the scenario 'question-answering'.",
            )
        protocol: InteractionProtocol = config.protocol.make()
        if config.zero_knowledge.enabled:
            protocol = ZeroKnowledge(protocol, config.zero_knowledge)
        self._protocol = protocol
        self.agents = protocol.agents
        self.channels = tuple(protocol.channels)
        self.max_rounds = protocol.max_rounds
        self.reward_range = protocol.reward_range
        roles = {
            agent.name: agent.role for agent in protocol.agents if agent.name not in {ADVERSARY, SIMULATOR}
        }
        self._variables = SYSTEM_VARIABLES | self._task.fields
        offered = {agent.name: self._variables for agent in protocol.agents}
        offered |= dict.fromkeys(roles.values(), self._variables)
        offered |= {TURN: TURN_VARIABLES | self._task.fields}
        self._prompts = chosen_prompts(offered, config.prompts, roles)
        self.prompts_hash = prompts_hash(self._prompts)

    def instances(self, split: Split) -> Sequence[Instance]:
        """The claims of the task."""
        return self._task.instances(split, "claim")

    def begin(
        self,
        instance: Instance,
        seed: int,
        instructions: Mapping[str, str] = {},
        prompts: Mapping[str, str] = {},
    ) -> Dialogue:
        """Start a dialogue about the claim of *instance*."""
        own = {name: prompt_template(name, source, self._variables) for name, source in prompts.items()}
        told = DialoguePrompts(
            protocol=self._protocol,
            instance=instance,
            claim=self._task.claim,
            systems=self._prompts | own,
            turn_template=self._prompts[TURN],
            instructions=instructions,
        )
        return Dialogue(self._protocol, instance, told, seed)

    def decision_text(self, label: int) -> str:
        """A line that decides with the strongest word of the scale."""
        return decision_line(self._protocol.scale.word(label))

    def hint(self, instance: Instance) -> str:
        """The truth about the claim, told beforehand."""
        truth = "true" if instance.label else "false"
        return f"The claim is {truth}; the right answer ends with {self.decision_text(instance.label)!r}."

    def details(self, instance: Instance, utterances: Sequence[tuple[str, Utterance]]) -> Mapping[str, float]:
        """How sure the verifier was of the truth, in [0, 1]."""
        confidences = [
            utterance.confidence
            for agent, utterance in utterances
            if agent == self.decider and utterance.confidence is not None
        ]
        if not confidences:
            return {}
        return {"confidence_in_truth": confidences[-1] if instance.label else 1.0 - confidences[-1]}
