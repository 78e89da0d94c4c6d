"""Options of zero-knowledge episodes."""

from attrs import frozen
from attrs.validators import and_, ge, le

from mlkernel import option


@frozen(kw_only=True)
class ZeroKnowledgeConfig:
    """How often, and how much, it counts that a verifier learns nothing but the truth of the claim."""

    share: float = option(
        0.5, help="Share of episodes with the adversarial verifier.", validator=and_(ge(0.0), le(1.0))
    )
    prover_reward: float = option(
        1.0, help="Of a prover whose words are simulated perfectly.", validator=ge(0.0)
    )
    simulator_reward: float = option(
        1.0, help="Of a simulator that simulates them perfectly.", validator=ge(0.0)
    )
    adversarial_verifier_penalty: float = option(
        -1.0, help="Reward of an adversarial verifier whose prover is simulated perfectly.", validator=le(0.0)
    )
