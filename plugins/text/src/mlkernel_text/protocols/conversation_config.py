"""Options of protocols with several rounds."""

from attrs import frozen
from attrs.validators import ge

from mlkernel import option
from mlkernel_text.protocols.prover_config import ProverConfig


@frozen(kw_only=True)
class ConversationConfig(ProverConfig):
    """How long a conversation is, and who begins it."""

    max_rounds: int = option(
        7, help="Rounds at most; those after the verifier's last turn fall away.", validator=ge(1)
    )
    min_rounds: int = option(2, help="Rounds before whose end the verifier cannot decide.", validator=ge(1))
    verifier_first: bool = option(True, help="The verifier begins.")
    verifier_no_guess_reward: float = option(
        0.0, help="For each turn in which the verifier could decide and asks."
    )
    randomise_prover_stance: bool = option(
        False, help="Draw the side that provers argue for in each episode."
    )
