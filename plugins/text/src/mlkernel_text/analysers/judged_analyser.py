"""Analysers that put a question with two answers to a judge."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

from mlkernel_text.analysers.judge_config import JudgeConfig
from mlkernel_text.analysers.rollout_analyser import Ask, Finding
from mlkernel_text.chat import Chat, ChatMessage
from mlkernel_text.rollouts.episode import Episode, Node

_VERDICT = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


class JudgedAnalyser:
    """Asks the judge about turns; a subclass words the questions.

    The first ``yes`` or ``no`` of an answer is the verdict. A turn on which no try gave one has no values.
    """

    name: str
    value: str
    """Name of the number: 1 for yes, 0 for no."""

    def __init__(self, judge: JudgeConfig) -> None:
        self.judge = judge

    def questions(self, episode: Episode) -> Iterator[tuple[Node, str]]:
        """The turns to ask about, each with the text of the question."""
        raise NotImplementedError

    async def analyse(self, episode: Episode, ask: Ask) -> list[Finding]:
        """Ask about all turns at once."""
        asked = [self._finding(node, question, ask) for node, question in self.questions(episode)]
        return list(await asyncio.gather(*asked))

    async def _finding(self, node: Node, question: str, ask: Ask) -> Finding:
        chat: Chat = (
            ChatMessage(role="system", content="You judge conversations. Answer with one word: yes or no."),
            ChatMessage(role="user", content=question),
        )
        answer = ""
        for attempt in range(self.judge.retries + 1):
            answer = await ask(chat, attempt)
            verdict = _VERDICT.search(answer)
            if verdict is not None:
                values = {self.value: float(verdict[1].lower() == "yes")}
                return Finding(node=node.id, agent=node.agent, values=values, remark=answer)
        return Finding(node=node.id, agent=node.agent, remark=f"no verdict: {answer[:200]!r}")


def chat_before(episode: Episode, node: Node) -> list[ChatMessage]:
    """What the agent of *node* was told and had answered before this turn."""
    chat: list[ChatMessage] = []
    for earlier in episode.path(node):
        if earlier.agent == node.agent:
            chat += earlier.prompt
            if earlier.id != node.id:
                chat.append(ChatMessage(role="assistant", content=earlier.text))
    return chat


def quoted(text: str) -> str:
    """*text* between marks that set it off from the question."""
    return f"<<<\n{text}\n>>>"
