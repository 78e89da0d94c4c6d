"""Neural interactive proof: one prover and a verifier in conversation.

Hammond & Adam-Day, "Neural Interactive Proofs" (2024), after Goldwasser, Micali & Rackoff, "The Knowledge
Complexity of Interactive Proof Systems" (1985): a verifier that cannot solve a problem questions a prover that can, and
does not trust it.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlkernel_text.protocols.decision_scale import decision_scale
from mlkernel_text.protocols.interaction_protocol import Aim, Judgement, Part, Play
from mlkernel_text.protocols.nip_config import NipConfig
from mlkernel_text.protocols.stakes import Stakes
from mlkernel_text.protocols.stance import fixed_side
from mlkernel_text.protocols.turn_order import take_turns
from mlkernel_text.scenario.scenario import Agent

CHANNEL = "main"


class Nip:
    """The rules of a neural interactive proof."""

    def __init__(self, config: NipConfig) -> None:
        prover = Agent(name="prover", role="prover", adversarial=not config.shared_reward)
        self.agents = (prover, Agent(name="verifier", role="verifier"))
        self.channels: Mapping[str, tuple[str, ...]] = {CHANNEL: ("prover", "verifier")}
        self.aliases: Mapping[str, str] = {}
        self.scale = decision_scale(config.decision_scale)
        groups = (("verifier",), ("prover",)) if config.verifier_first else (("prover",), ("verifier",))
        self._order = take_turns(groups, max_rounds=config.max_rounds, min_rounds=config.min_rounds)
        self.max_rounds, self.min_rounds = len(self._order.rounds), config.min_rounds
        self._config, self._stakes = config, Stakes.of(config)
        self.reward_range: Mapping[str, tuple[float, float]] = {
            "prover": self._stakes.prover_range(self.max_rounds),
            "verifier": self._stakes.verifier_range(self.max_rounds),
        }

    def parts(self, play: Play) -> Mapping[str, Part]:
        """They take turns; in its last turn the verifier has to decide."""
        (speaker,) = self._order.rounds[play.round]
        if speaker == "prover":
            return {"prover": Part(channels=(CHANNEL,), aim=self._aim(play))}
        return {"verifier": Part(channels=(CHANNEL,), decides=self._order.decides(play.round))}

    def judge(self, play: Play) -> Judgement:
        """The verifier wins by being right, the prover by the decision that it aims at."""
        return self._stakes.judge(play, self.parts(play.before()), {"prover": self._aim(play)})

    def _aim(self, play: Play) -> Aim:
        return fixed_side(self._config, play.seed)
