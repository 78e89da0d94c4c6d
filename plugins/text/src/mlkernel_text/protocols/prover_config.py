"""Options of every protocol that has provers."""

from attrs import frozen

from mlkernel import option
from mlkernel_text.protocols.verifier_config import VerifierConfig


@frozen(kw_only=True)
class ProverConfig(VerifierConfig):
    """What a prover wins."""

    prover_reward: float = option(1.0, help="For the decision that a prover aims at.")
    shared_reward: bool = option(
        False, help="Provers get what the verifier gets, instead of their own reward."
    )
    prover_invalid_response_penalty: float | None = option(
        None, help="Reward of a prover that breaks the rules, which ends the episode; unset, it goes on."
    )
