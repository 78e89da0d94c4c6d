"""The configuration of the protocol ``solo-verifier``."""

from attrs import frozen

from mlkernel_text.protocols.verifier_config import VerifierConfig


@frozen(kw_only=True)
class SoloVerifierConfig(VerifierConfig):
    """One decision."""
