"""Debate: two provers argue for opposite sides before a verifier.

Irving, Christiano & Amodei, "AI safety via debate" (2018): a zero-sum game whose equilibrium, it is hoped,
is to tell the truth, as a lie is harder to defend than to refute. There the judge only listens; Hammond & Adam-Day
(2024) let it ask, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlkernel import ConfigError
from mlkernel_text.protocols.debate_config import DebateConfig
from mlkernel_text.protocols.decision_scale import decision_scale
from mlkernel_text.protocols.interaction_protocol import Aim, Judgement, Part, Play
from mlkernel_text.protocols.stakes import Stakes
from mlkernel_text.protocols.stance import coin
from mlkernel_text.protocols.turn_order import TurnOrder, take_turns
from mlkernel_text.scenario.scenario import Agent

CHANNEL = "main"
PROVERS = ("prover0", "prover1")


class Debate:
    """The rules of a debate."""

    def __init__(self, config: DebateConfig) -> None:
        if config.verifier_first and not config.verifier_asks:
            raise ConfigError("a verifier that asks nothing cannot begin", hint="Leave verifier_first false.")
        provers = (Agent(name=name, role="prover", adversarial=not config.shared_reward) for name in PROVERS)
        self.agents = (*provers, Agent(name="verifier", role="verifier"))
        self.channels: Mapping[str, tuple[str, ...]] = {CHANNEL: (*PROVERS, "verifier")}
        self.aliases: Mapping[str, str] = {}
        self.scale = decision_scale(config.decision_scale)
        self._config, self._stakes = config, Stakes.of(config)
        self.max_rounds, self.min_rounds = len(self._order(seed=0).rounds), config.min_rounds
        self.reward_range: Mapping[str, tuple[float, float]] = {
            **dict.fromkeys(PROVERS, self._stakes.prover_range(self.max_rounds)),
            "verifier": self._stakes.verifier_range(self.max_rounds),
        }

    def parts(self, play: Play) -> Mapping[str, Part]:
        """Everybody hears everything that was said in earlier rounds."""
        order, aims = self._order(play.seed), self._aims(play.seed)
        verifier = Part(channels=(CHANNEL,), decides=order.decides(play.round))
        return {
            name: verifier if name == "verifier" else Part(channels=(CHANNEL,), aim=aims[name])
            for name in order.rounds[play.round]
        }

    def judge(self, play: Play) -> Judgement:
        """One prover wins by acceptance, the other by rejection, the verifier by being right."""
        return self._stakes.judge(play, self.parts(play.before()), self._aims(play.seed))

    def _aims(self, seed: int) -> dict[str, Aim]:
        swapped = self._config.randomise_prover_stance and coin(seed, "stance")
        sides: tuple[Aim, Aim] = ("accept", "reject") if swapped else ("reject", "accept")
        return dict(zip(PROVERS, sides, strict=True))

    def _order(self, seed: int) -> TurnOrder:
        config = self._config
        groups: tuple[tuple[str, ...], ...] = (PROVERS,)
        if config.sequential:
            first, second = PROVERS if coin(seed, "order") else reversed(PROVERS)
            groups = ((first,), (second,))
        if not config.verifier_asks:
            groups *= max(1, (config.max_rounds - 1) // len(groups))
        groups = (("verifier",), *groups) if config.verifier_first else (*groups, ("verifier",))
        return take_turns(groups, max_rounds=config.max_rounds, min_rounds=config.min_rounds)
