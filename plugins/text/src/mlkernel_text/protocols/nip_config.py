"""The configuration of the protocol ``nip``."""

from attrs import frozen

from mlkernel_text.protocols.conversation_config import ConversationConfig


@frozen(kw_only=True)
class NipConfig(ConversationConfig):
    """One prover and a verifier in conversation."""
