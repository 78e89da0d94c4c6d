"""Multi-prover neural interactive proof: two provers who do not hear each other, and a verifier.

Hammond & Adam-Day, "Neural Interactive Proofs" (2024), after Ben-Or, Goldwasser, Kilian & Wigderson,
"Multi-Prover Interactive Proofs" (1988): the verifier plays answers off against each other, as an interrogator
does with suspects in separate rooms.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlkernel_text.protocols.decision_scale import decision_scale
from mlkernel_text.protocols.interaction_protocol import Judgement, Part, Play
from mlkernel_text.protocols.mnip_config import MnipConfig
from mlkernel_text.protocols.stakes import Stakes
from mlkernel_text.protocols.stance import coin, fixed_side
from mlkernel_text.protocols.turn_order import TurnOrder, take_turns
from mlkernel_text.scenario.scenario import Agent

PROVERS = ("prover0", "prover1")


class Mnip:
    """The rules of a multi-prover neural interactive proof."""

    def __init__(self, config: MnipConfig) -> None:
        provers = (Agent(name=name, role="prover", adversarial=not config.shared_reward) for name in PROVERS)
        self.agents = (*provers, Agent(name="verifier", role="verifier"))
        self.channels: Mapping[str, tuple[str, ...]] = {name: (name, "verifier") for name in PROVERS}
        self.aliases: Mapping[str, str] = {}
        self.scale = decision_scale(config.decision_scale)
        self._config, self._stakes = config, Stakes.of(config)
        self.max_rounds, self.min_rounds = len(self._order(seed=0).rounds), config.min_rounds
        self.reward_range: Mapping[str, tuple[float, float]] = {
            **dict.fromkeys(PROVERS, self._stakes.prover_range(self.max_rounds)),
            "verifier": self._stakes.verifier_range(self.max_rounds),
        }

    def parts(self, play: Play) -> Mapping[str, Part]:
        """Each prover has a channel of its own; the verifier speaks on both."""
        order, aim = self._order(play.seed), fixed_side(self._config, play.seed)
        verifier = Part(channels=PROVERS, decides=order.decides(play.round))
        return {
            name: verifier if name == "verifier" else Part(channels=(name,), aim=aim)
            for name in order.rounds[play.round]
        }

    def judge(self, play: Play) -> Judgement:
        """The provers stand or fall together."""
        aims = dict.fromkeys(PROVERS, fixed_side(self._config, play.seed))
        return self._stakes.judge(play, self.parts(play.before()), aims)

    def _order(self, seed: int) -> TurnOrder:
        groups: tuple[tuple[str, ...], ...] = (PROVERS,)
        if self._config.sequential:
            first, second = PROVERS if coin(seed, "order") else reversed(PROVERS)
            groups = ((first,), (second,))
        groups = (("verifier",), *groups) if self._config.verifier_first else (*groups, ("verifier",))
        return take_turns(groups, max_rounds=self._config.max_rounds, min_rounds=self._config.min_rounds)
