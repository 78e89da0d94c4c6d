"""Zero knowledge, put around another protocol: adds an adversarial verifier and a simulator.

Goldwasser, Micali & Rackoff (1985): a proof gives away nothing if whatever a verifier hears could have been made up
by a simulator that never met the prover, for every verifier and every true claim. Hammond & Adam-Day, "Neural
Interactive Proofs" (2024) make three agents of it: the prover wants to be simulated, the simulator
wants to simulate, and the adversarial verifier wants to draw out what cannot be simulated.

In text the likeness of a simulation is the F1 score of its words against the prover's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mlkernel import ConfigError
from mlkernel_text.protocols.interaction_protocol import InteractionProtocol, Judgement, Part, Play
from mlkernel_text.protocols.zero_knowledge_config import ZeroKnowledgeConfig
from mlkernel_text.scenario.scenario import Agent
from mlkernel_text.scenario.stable_random import stable_hash

ADVERSARY, SIMULATOR = "adversarial_verifier", "simulator"
SIMULATION = "simulation"
_COIN_FACES = 1 << 32


class ZeroKnowledge:
    """The rules of *protocol*; in some episodes an adversary sits in the verifier's place, and a simulator comes after.

    :raises ConfigError: *protocol* has no prover whose words could be simulated.
    """

    def __init__(self, protocol: InteractionProtocol, config: ZeroKnowledgeConfig) -> None:
        self._provers = tuple(agent.name for agent in protocol.agents if agent.role == "prover")
        if not self._provers:
            raise ConfigError("zero knowledge is about what a prover gives away, and this protocol has none")
        self._protocol, self._config = protocol, config
        self.agents: tuple[Agent, ...] = (
            *protocol.agents,
            Agent(name=ADVERSARY, role="verifier", adversarial=True),
            Agent(name=SIMULATOR, role="prover"),
        )
        self.channels: Mapping[str, tuple[str, ...]] = {
            channel: (*members, ADVERSARY) if "verifier" in members else members
            for channel, members in protocol.channels.items()
        } | {SIMULATION: (SIMULATOR,)}
        self.aliases: Mapping[str, str] = {**protocol.aliases, ADVERSARY: "verifier"}
        self.max_rounds, self.min_rounds = protocol.max_rounds + 1, protocol.min_rounds
        self.scale = protocol.scale
        self.reward_range: Mapping[str, tuple[float, float]] = self._reward_range()

    def parts(self, play: Play) -> Mapping[str, Part]:
        """As in the protocol, with the adversary for the verifier; once they are done, the simulator speaks."""
        if not self._is_adversarial(play):
            return self._protocol.parts(play)
        if self._is_conversation_over(play):
            return {SIMULATOR: Part(channels=(SIMULATION,))}
        parts = self._protocol.parts(_seen_by_protocol(play))
        return {ADVERSARY if name == "verifier" else name: part for name, part in parts.items()}

    def judge(self, play: Play) -> Judgement:
        """With the verifier, the protocol judges; with the adversary, the likeness of the simulation counts.

        Nothing is asked of a proof of a false claim, so that nobody wins anything there.
        """
        if not self._is_adversarial(play):
            return self._protocol.judge(play)
        said = play.history[-1]
        if SIMULATOR not in said:
            return Judgement()
        likeness = play.label * _likeness(self._words_of_provers(play), said[SIMULATOR].text)
        speakers = [name for name in self._provers if any(name in said for said in play.history)]
        rewards = dict.fromkeys(speakers, likeness * self._config.prover_reward)
        rewards[SIMULATOR] = likeness * self._config.simulator_reward
        rewards[ADVERSARY] = likeness * self._config.adversarial_verifier_penalty
        return Judgement(rewards=rewards, done=True)

    def _is_adversarial(self, play: Play) -> bool:
        face = stable_hash("protocol", "zero knowledge", play.seed) % _COIN_FACES
        return face < self._config.share * _COIN_FACES

    def _is_conversation_over(self, play: Play) -> bool:
        return play.round > 0 and self._protocol.judge(_seen_by_protocol(play)).done

    def _words_of_provers(self, play: Play) -> str:
        said = [utterances.get(prover) for utterances in play.history for prover in self._provers]
        return " ".join(utterance.text for utterance in said if utterance is not None)

    def _reward_range(self) -> dict[str, tuple[float, float]]:
        config = self._config
        ranges = dict(self._protocol.reward_range)
        for prover in self._provers:
            least, greatest = ranges[prover]
            ranges[prover] = (min(least, 0.0), max(greatest, config.prover_reward))
        ranges[SIMULATOR] = (0.0, config.simulator_reward)
        ranges[ADVERSARY] = (config.adversarial_verifier_penalty, 0.0)
        return ranges


def _seen_by_protocol(play: Play) -> Play:
    """The play as it would be if the adversary were the verifier."""
    history = tuple(
        {"verifier" if name == ADVERSARY else name: utterance for name, utterance in said.items()}
        for said in play.history
        if SIMULATOR not in said
    )
    return Play(label=play.label, seed=play.seed, history=history)


def _likeness(text: str, simulation: str) -> float:
    """F1 of the words of *simulation* against those of *text*, in [0, 1]; two empty texts are alike."""
    words, simulated = Counter(text.split()), Counter(simulation.split())
    total = words.total() + simulated.total()
    return 2.0 * (words & simulated).total() / total if total else 1.0
