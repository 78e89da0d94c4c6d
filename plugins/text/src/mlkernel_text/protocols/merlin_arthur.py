"""Merlin-Arthur classification: an honest or a deceiving prover, drawn by a coin, sends one message.

Wäldchen, Sharma, Turan, Zimmer & Pokutta, "Interpretability Guarantees with Merlin-Arthur Classifiers" (2024). Merlin
helps Arthur, the verifier, to the truth; Morgana leads him astray; he cannot tell who spoke. Against
Morgana he has done well, too, if he says that he does not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from mlkernel_text.protocols.decision_scale import decision_scale
from mlkernel_text.protocols.interaction_protocol import Aim, Judgement, Part, Play
from mlkernel_text.protocols.merlin_arthur_config import MerlinArthurConfig
from mlkernel_text.protocols.stakes import Stakes
from mlkernel_text.protocols.stance import coin
from mlkernel_text.scenario.scenario import Agent

CHANNEL = "main"
AIMS: Mapping[str, Aim] = {"merlin": "truth", "morgana": "falsehood"}


class MerlinArthur:
    """The rules of Merlin-Arthur classification."""

    max_rounds = 2
    min_rounds = 2

    def __init__(self, config: MerlinArthurConfig) -> None:
        self.agents = (
            Agent(name="merlin", role="prover"),
            Agent(name="morgana", role="prover", adversarial=not config.shared_reward),
            Agent(name="verifier", role="verifier"),
        )
        self.channels: Mapping[str, tuple[str, ...]] = {CHANNEL: ("merlin", "morgana", "verifier")}
        self.aliases: Mapping[str, str] = dict.fromkeys(AIMS, "prover")
        self.scale = decision_scale(config.decision_scale)
        stakes = self._stakes = Stakes.of(config)
        # Not to know is right only where Morgana spoke.
        self._stakes_against_morgana = evolve(stakes, verifier_neither_reward=stakes.verifier_reward)
        self.reward_range: Mapping[str, tuple[float, float]] = {
            **dict.fromkeys(AIMS, stakes.prover_range(chances=1)),
            "verifier": stakes.verifier_range(chances=1),
        }

    def parts(self, play: Play) -> Mapping[str, Part]:
        """A coin says who speaks; then the verifier decides."""
        if play.round == 0:
            speaker = self._speaker(play)
            return {speaker: Part(channels=(CHANNEL,), aim=AIMS[speaker])}
        return {"verifier": Part(decides="must")}

    def judge(self, play: Play) -> Judgement:
        """Merlin wins if the verifier is right, Morgana if it is wrong; who did not speak wins nothing."""
        speaker = self._speaker(play)
        stakes = self._stakes if speaker == "merlin" else self._stakes_against_morgana
        return stakes.judge(play, self.parts(play.before()), {speaker: AIMS[speaker]})

    def _speaker(self, play: Play) -> str:
        return "merlin" if coin(play.seed, "merlin or morgana") else "morgana"
