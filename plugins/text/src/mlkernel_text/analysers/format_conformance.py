"""How often agents keep the format."""

from __future__ import annotations

from mlkernel_text.analysers.format_conformance_config import FormatConformanceConfig
from mlkernel_text.analysers.quotation_accuracy import compiled
from mlkernel_text.analysers.rollout_analyser import Ask, Finding
from mlkernel_text.rollouts.episode import Episode, Node
from mlkernel_text.rollouts.outcomes import USABLE


class FormatConformance:
    """Values: ``conforms``, 1 or 0 for the answer that counted; ``at_once``, 1 if it was also the first one.

    Answers that the provider withheld say nothing, and have no values.

    :raises UsageError: the pattern is no regular expression.
    """

    name = "format-conformance"
    judge = None

    def __init__(self, config: FormatConformanceConfig) -> None:
        self._agents = config.agents
        self._pattern = None if config.pattern is None else compiled(config.pattern, "pattern")

    async def analyse(self, episode: Episode, ask: Ask) -> list[Finding]:
        """Check every turn."""
        return [
            self._finding(node) for node in episode.nodes if not self._agents or node.agent in self._agents
        ]

    def _finding(self, node: Node) -> Finding:
        if node.outcome not in USABLE and node.outcome != "invalid":
            return Finding(node=node.id, agent=node.agent, remark=node.problem)
        if self._pattern is None:
            conforms, remark = node.outcome != "invalid", node.problem
        else:
            conforms = self._pattern.fullmatch(node.text) is not None
            remark = None if conforms else f"does not match: {node.text[:80]!r}"
        values = {"conforms": float(conforms), "at_once": float(conforms and not node.retries)}
        return Finding(node=node.id, agent=node.agent, values=values, remark=remark)
