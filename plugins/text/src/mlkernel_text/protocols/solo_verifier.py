"""The verifier decides alone: what all other protocols have to beat."""

from __future__ import annotations

from collections.abc import Mapping

from mlkernel_text.protocols.decision_scale import decision_scale
from mlkernel_text.protocols.interaction_protocol import Judgement, Part, Play
from mlkernel_text.protocols.solo_verifier_config import SoloVerifierConfig
from mlkernel_text.protocols.stakes import Stakes
from mlkernel_text.scenario.scenario import Agent


class SoloVerifier:
    """The rules of deciding alone."""

    agents = (Agent(name="verifier", role="verifier"),)
    channels: Mapping[str, tuple[str, ...]] = {"main": ("verifier",)}
    aliases: Mapping[str, str] = {}
    max_rounds = 1
    min_rounds = 1

    def __init__(self, config: SoloVerifierConfig) -> None:
        self.scale = decision_scale(config.decision_scale)
        self._stakes = Stakes.of(config)
        self.reward_range: Mapping[str, tuple[float, float]] = {
            "verifier": self._stakes.verifier_range(chances=1)
        }

    def parts(self, play: Play) -> Mapping[str, Part]:
        """The verifier decides."""
        return {"verifier": Part(decides="must")}

    def judge(self, play: Play) -> Judgement:
        """It wins by being right."""
        return self._stakes.judge(play, self.parts(play.before()), {})
