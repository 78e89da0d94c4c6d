"""The configuration of the protocol ``debate``."""

from attrs import frozen

from mlkernel import option
from mlkernel_text.protocols.conversation_config import ConversationConfig


@frozen(kw_only=True)
class DebateConfig(ConversationConfig):
    """Two provers argue for opposite sides."""

    verifier_first: bool = option(False, help="The verifier begins.")
    sequential: bool = option(
        False, help="Provers speak one after the other, in an order drawn for each episode."
    )
    verifier_asks: bool = option(
        True, help="The verifier speaks between the provers' turns; else it only decides."
    )
