"""The configuration of the protocol ``adp``."""

from attrs import frozen

from mlkernel_text.protocols.prover_config import ProverConfig


@frozen(kw_only=True)
class AdpConfig(ProverConfig):
    """One message, one decision."""
