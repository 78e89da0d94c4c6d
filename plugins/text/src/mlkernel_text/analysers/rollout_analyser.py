"""What an analyser of stored episodes is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from attrs import Factory, frozen

from mlkernel_text.analysers.judge_config import JudgeConfig
from mlkernel_text.chat import Chat
from mlkernel_text.rollouts.episode import Episode

Ask = Callable[[Chat, int], Awaitable[str]]
"""Asks the judge: a chat, and the number of the try; equal questions are paid for once."""


@frozen(kw_only=True)
class Finding:
    """What was found out about one turn."""

    node: int
    """Id of the turn within its episode."""
    agent: str
    """Who spoke."""
    values: Mapping[str, float] = Factory(dict)
    """Numbers; what could not be found out is left out."""
    remark: str | None = None
    """Why, for a person who reads it."""


class RolloutAnalyser(Protocol):
    """Asks a question about every episode. Its factory is called as ``factory(config)``."""

    name: str
    judge: JudgeConfig | None
    """The model that it asks; ``None`` where rules decide."""

    async def analyse(self, episode: Episode, ask: Ask) -> list[Finding]:
        """Look at one episode; called for many at once.

        :param ask: asks the judge; rules have no use for it.
        """
