"""The configuration of games between provers and a verifier."""

from pathlib import Path

from attrs import frozen

from mlkernel import Choice, choice, option
from mlkernel_text.protocols.zero_knowledge_config import ZeroKnowledgeConfig


@frozen(kw_only=True)
class ZeroKnowledgeOptions(ZeroKnowledgeConfig):
    """Zero knowledge, if it is asked for."""

    enabled: bool = option(False, help="Add an adversarial verifier and a simulator to the protocol.")


@frozen(kw_only=True)
class ProverVerifierConfig:
    """A protocol, and a task to talk about."""

    protocol: Choice = choice(
        "interaction_protocol", default="nip", help="Who speaks when, and who wins what."
    )
    task: Choice = choice("text_task", default="arithmetic", help="What is claimed.")
    prompts: Path | None = option(
        None,
        help="Folder with templates (prover.jinja, verifier.jinja, turn.jinja ...) in place of the package's.",
    )
    zero_knowledge: ZeroKnowledgeOptions = option(
        factory=ZeroKnowledgeOptions,
        help="Whether the verifier may learn anything but the truth of the claim.",
    )
