"""Whether the verifier asks about what was said."""

from __future__ import annotations

from collections.abc import Iterator

from mlkernel_text.analysers.follow_up_config import FollowUpConfig
from mlkernel_text.analysers.judged_analyser import JudgedAnalyser, chat_before, quoted
from mlkernel_text.rollouts.episode import Episode, Node
from mlkernel_text.scenario.scenario import UNDECIDED


class FollowUp(JudgedAnalyser):
    """Value ``follows_up``: whether a message takes up what the agent heard last. Decisions are not judged."""

    name = "follow-up"
    value = "follows_up"

    def __init__(self, config: FollowUpConfig) -> None:
        super().__init__(config.judge)
        self._agents = config.agents

    def questions(self, episode: Episode) -> Iterator[tuple[Node, str]]:
        """Of each message that answers another one, whether it takes it up."""
        for node in episode.nodes:
            heard = [message["content"] for message in node.prompt if message["role"] == "user"]
            is_first = len(chat_before(episode, node)) == len(node.prompt)
            if node.agent in self._agents and heard and not is_first and node.decision == UNDECIDED:
                yield node, _question(node.agent, heard[-1], node.text)


def _question(agent: str, heard: str, said: str) -> str:
    return (
        f"In a conversation, {agent} heard this:\n{quoted(heard)}\nand replied:\n{quoted(said)}\n"
        "Does the reply take up something specific that was said, by asking about it or examining it?"
    )
