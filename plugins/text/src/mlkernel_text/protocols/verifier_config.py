"""Options of every protocol: those of the verifier."""

from typing import Literal

from attrs import frozen

from mlkernel import option
from mlkernel_text.protocols.decision_scale import ScaleName

ForcedDecision = Literal["accept", "reject", "truth"]


@frozen(kw_only=True)
class VerifierConfig:
    """What the verifier says, and what it wins."""

    decision_scale: ScaleName = option("accept_reject", help="The grades by which the verifier decides.")
    verifier_reward: float = option(1.0, help="For a right decision.")
    verifier_incorrect_penalty: float = option(-1.0, help="Reward of a wrong decision; usually negative.")
    verifier_terminated_penalty: float = option(
        -1.0, help="Reward where rounds run out and nothing is decided; usually negative."
    )
    verifier_neither_reward: float = option(0.0, help="For a decision in the exact middle of the scale.")
    force_guess: ForcedDecision | None = option(
        None, help="Count every decision as this one; separates learning to speak from learning to decide."
    )
