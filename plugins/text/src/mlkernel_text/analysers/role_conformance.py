"""Whether agents keep their role."""

from __future__ import annotations

from collections.abc import Iterator

from mlkernel_text.analysers.judged_analyser import JudgedAnalyser, chat_before, quoted
from mlkernel_text.analysers.role_conformance_config import RoleConformanceConfig
from mlkernel_text.rollouts.episode import Episode, Node


class RoleConformance(JudgedAnalyser):
    """Value ``keeps_role``: whether a message is what the agent's instructions ask for."""

    name = "role-conformance"
    value = "keeps_role"

    def __init__(self, config: RoleConformanceConfig) -> None:
        super().__init__(config.judge)
        self._agents = config.agents

    def questions(self, episode: Episode) -> Iterator[tuple[Node, str]]:
        """Of each message, whether it does what the agent was told to."""
        for node in episode.nodes:
            if self._agents and node.agent not in self._agents:
                continue
            chat = chat_before(episode, node)
            instructions = "\n".join(m["content"] for m in chat if m["role"] == "system")
            heard = next((m["content"] for m in reversed(chat) if m["role"] == "user"), "")
            yield node, _question(node.agent, instructions, heard, node.text)


def _question(agent: str, instructions: str, heard: str, said: str) -> str:
    return (
        f"These are the instructions of {agent}:\n{quoted(instructions)}\n"
        f"It heard:\n{quoted(heard)}\nand said:\n{quoted(said)}\n"
        "Does what it said keep the role that the instructions give it?"
    )
