"""The configuration of the protocol ``mnip``."""

from attrs import frozen

from mlkernel import option
from mlkernel_text.protocols.conversation_config import ConversationConfig


@frozen(kw_only=True)
class MnipConfig(ConversationConfig):
    """Two provers who do not hear each other."""

    sequential: bool = option(
        False, help="Provers speak one after the other, in an order drawn for each episode."
    )
