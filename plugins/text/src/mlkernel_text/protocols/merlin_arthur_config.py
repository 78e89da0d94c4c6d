"""The configuration of the protocol ``merlin-arthur``."""

from attrs import frozen

from mlkernel_text.protocols.prover_config import ProverConfig


@frozen(kw_only=True)
class MerlinArthurConfig(ProverConfig):
    """One message of somebody who may be honest or not, one decision."""
