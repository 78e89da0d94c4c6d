"""Who wins what, given the decision: the arithmetic that all protocols share.

Hammond & Adam-Day, "Neural Interactive Proofs" (2024): the verifier is rewarded for deciding by the truth,
a prover for the decision that it aims at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import attrs
from attrs import frozen

from mlkernel_text.protocols.interaction_protocol import Aim, Judgement, Part, Play, aimed_decision
from mlkernel_text.protocols.verifier_config import ForcedDecision, VerifierConfig
from mlkernel_text.scenario.scenario import ACCEPT, NEITHER, REJECT, UNDECIDED, Utterance


@frozen(kw_only=True)
class Stakes:
    """Rewards and penalties, as the configuration of a protocol names them."""

    verifier_reward: float = 1.0
    verifier_incorrect_penalty: float = -1.0
    verifier_terminated_penalty: float = -1.0
    verifier_neither_reward: float = 0.0
    verifier_no_guess_reward: float = 0.0
    prover_reward: float = 1.0
    prover_invalid_response_penalty: float | None = None
    shared_reward: bool = False
    force_guess: ForcedDecision | None = None

    @classmethod
    def of(cls, config: VerifierConfig) -> Self:
        """The stakes that *config* names, and the defaults of those that it has no use for."""
        names = [field.name for field in attrs.fields(cls)]
        return cls(**{name: getattr(config, name) for name in names if hasattr(config, name)})

    def judge(
        self, play: Play, parts: Mapping[str, Part], aims: Mapping[str, Aim], verifier: str = "verifier"
    ) -> Judgement:
        """Judge the last round of *play*.

        :param parts: what the agents had to do in it.
        :param aims: prover → the decision that it wants.
        """
        said, part = play.history[-1], parts.get(verifier)
        if (penalties := self._penalties(said, aims)) is not None:
            return Judgement(rewards=penalties, done=True)
        if part is None or part.decides == "no":
            return Judgement()
        decision = self._counted(said[verifier].decision, play.label)
        if decision == UNDECIDED:
            last = part.decides == "must"
            reward = self.verifier_terminated_penalty if last else self.verifier_no_guess_reward
            return Judgement(rewards=self._shared(reward, aims, verifier), done=last)
        return Judgement(
            rewards=self.settle(decision, play.label, aims, verifier), done=True, decision=decision
        )

    def settle(
        self, decision: int, label: int, aims: Mapping[str, Aim], verifier: str = "verifier"
    ) -> dict[str, float]:
        """The rewards of a *decision* about a claim that is true (*label* 1) or false (0)."""
        if decision == NEITHER:
            reward = self.verifier_neither_reward
        else:
            reward = self.verifier_reward if decision == label else self.verifier_incorrect_penalty
        rewards = self._shared(reward, aims, verifier)
        if not self.shared_reward:
            for prover, aim in aims.items():
                rewards[prover] = self.prover_reward if decision == aimed_decision(aim, label) else 0.0
        return rewards

    def verifier_range(self, chances: int) -> tuple[float, float]:
        """Least and greatest sum of the verifier's rewards, if it can decide in *chances* rounds."""
        waiting = (0.0, (chances - 1) * self.verifier_no_guess_reward)
        ends = (
            0.0,
            self.verifier_reward,
            self.verifier_incorrect_penalty,
            self.verifier_terminated_penalty,
            self.verifier_neither_reward,
        )
        return min(waiting) + min(ends), max(waiting) + max(ends)

    def prover_range(self, chances: int) -> tuple[float, float]:
        """Least and greatest sum of a prover's rewards, if the verifier can decide in *chances* rounds."""
        least, greatest = self.verifier_range(chances) if self.shared_reward else (0.0, 0.0)
        penalty = self.prover_invalid_response_penalty or 0.0
        waiting = (0.0, (chances - 1) * self.verifier_no_guess_reward) if self.shared_reward else (0.0,)
        prize = 0.0 if self.shared_reward else self.prover_reward
        return min(least, prize, penalty + min(waiting)), max(greatest, prize, penalty + max(waiting))

    def _penalties(self, said: Mapping[str, Utterance], aims: Mapping[str, Aim]) -> dict[str, float] | None:
        """What provers pay who broke the rules in a game that this ends; ``None`` where it goes on."""
        if self.prover_invalid_response_penalty is None:
            return None
        broke = [prover for prover in aims if prover in said and not said[prover].is_valid]
        return dict.fromkeys(broke, self.prover_invalid_response_penalty) if broke else None

    def _counted(self, decision: int, label: int) -> int:
        """A decision as it counts: the forced one, where there is one and any was taken."""
        if self.force_guess is None or decision == UNDECIDED:
            return decision
        return {"accept": ACCEPT, "reject": REJECT, "truth": label}[self.force_guess]

    def _shared(self, reward: float, aims: Mapping[str, Aim], verifier: str) -> dict[str, float]:
        provers = dict.fromkeys(aims, reward) if self.shared_reward else {}
        return {verifier: reward, **provers}
