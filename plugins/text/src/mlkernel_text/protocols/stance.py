"""Which side a prover argues for."""

from __future__ import annotations

from mlkernel_text.protocols.conversation_config import ConversationConfig
from mlkernel_text.protocols.interaction_protocol import Aim
from mlkernel_text.scenario.stable_random import stable_hash


def coin(seed: int, purpose: str) -> bool:
    """A fair coin for *purpose*, fixed for an episode."""
    return stable_hash("protocol", purpose, seed) % 2 == 1


def fixed_side(config: ConversationConfig, seed: int) -> Aim:
    """Of provers that argue for one side whatever is true: acceptance, unless a coin is asked.

    Where they share the verifier's reward, they have no side but the truth.
    """
    if config.shared_reward:
        return "truth"
    return "reject" if config.randomise_prover_stance and coin(seed, "stance") else "accept"
