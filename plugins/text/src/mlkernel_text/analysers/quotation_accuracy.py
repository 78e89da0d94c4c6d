"""How faithfully agents quote the problem."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlkernel import UsageError
from mlkernel_text.analysers.quotation_accuracy_config import QuotationAccuracyConfig
from mlkernel_text.analysers.rollout_analyser import Ask, Finding
from mlkernel_text.rollouts.episode import Episode


class QuotationAccuracy:
    """A quotation is faithful if the problem has it word for word; space and case do not count.

    Values: ``quotations``, how many there are; ``accuracy``, the faithful share of them, where there are any.

    :raises UsageError: the pattern is no regular expression.
    """

    name = "quotation-accuracy"
    judge = None

    def __init__(self, config: QuotationAccuracyConfig) -> None:
        self._config = config
        self._pattern = compiled(config.pattern, "pattern")

    async def analyse(self, episode: Episode, ask: Ask) -> list[Finding]:
        """Check every turn."""
        source = "\n".join(str(episode.fields.get(name, "")) for name in self._config.sources)
        return [
            self._finding(node.id, node.agent, node.text, _plain(source))
            for node in episode.nodes
            if not self._config.agents or node.agent in self._config.agents
        ]

    def _finding(self, node: int, agent: str, text: str, source: str) -> Finding:
        quotations = list(self._quotations(text))
        unfaithful = [quotation for quotation in quotations if _plain(quotation) not in source]
        values = {"quotations": float(len(quotations))}
        if quotations:
            values["accuracy"] = 1 - len(unfaithful) / len(quotations)
        remark = f"not in the problem: {unfaithful[0]!r}" if unfaithful else None
        return Finding(node=node, agent=agent, values=values, remark=remark)

    def _quotations(self, text: str) -> Iterator[str]:
        for match in self._pattern.finditer(text):
            quotation = next((group for group in match.groups() if group is not None), match[0])
            if len(quotation) >= self._config.shortest:
                yield quotation


def compiled(pattern: str, option: str) -> re.Pattern[str]:
    """The regular expression that an option holds.

    :raises UsageError: it is none.
    """
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error as error:
        raise UsageError(f"{option} is no regular expression: {error}: {pattern!r}") from error


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
