"""Abstract decision problem: one message of a prover that wants acceptance, then a decision.

Anil, Zhang, Wu & Grosse, "Learning to Give Checkable Answers with Prover-Verifier Games" (2021): a prover that always
argues for acceptance, and a verifier that learns which messages cannot be forged.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlkernel_text.protocols.adp_config import AdpConfig
from mlkernel_text.protocols.decision_scale import decision_scale
from mlkernel_text.protocols.interaction_protocol import Aim, Judgement, Part, Play
from mlkernel_text.protocols.stakes import Stakes
from mlkernel_text.scenario.scenario import Agent

CHANNEL = "main"


class Adp:
    """The rules of an abstract decision problem."""

    max_rounds = 2
    min_rounds = 2

    def __init__(self, config: AdpConfig) -> None:
        prover = Agent(name="prover", role="prover", adversarial=not config.shared_reward)
        self.agents = (prover, Agent(name="verifier", role="verifier"))
        self.channels: Mapping[str, tuple[str, ...]] = {CHANNEL: ("prover", "verifier")}
        self.aliases: Mapping[str, str] = {}
        self.scale = decision_scale(config.decision_scale)
        self._aim: Aim = "truth" if config.shared_reward else "accept"
        self._stakes = Stakes.of(config)
        self.reward_range: Mapping[str, tuple[float, float]] = {
            "prover": self._stakes.prover_range(chances=1),
            "verifier": self._stakes.verifier_range(chances=1),
        }

    def parts(self, play: Play) -> Mapping[str, Part]:
        """The prover speaks, the verifier decides."""
        if play.round == 0:
            return {"prover": Part(channels=(CHANNEL,), aim=self._aim)}
        return {"verifier": Part(decides="must")}

    def judge(self, play: Play) -> Judgement:
        """The verifier wins by being right, the prover by acceptance."""
        return self._stakes.judge(play, self.parts(play.before()), {"prover": self._aim})
