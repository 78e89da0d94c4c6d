"""Sampling the guessing game in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field
from plugins.text.tests.answers.paid_provider import PaidProvider
from plugins.text.tests.answers.virtual_time import run_virtually
from plugins.text.tests.rollouts.guessing_game import GuessingGame, episode_tasks

from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.answers.answer_store import AnswerStore
from mlkernel_text.answers.budget import Budget
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.episode_journal import EpisodeJournal
from mlkernel_text.rollouts.episode_sampler import EpisodeSampler
from mlkernel_text.rollouts.player import Player
from mlkernel_text.rollouts.sampling_config import SamplingConfig

PLAYERS = {agent.name: Player(model="m", max_tokens=20) for agent in GuessingGame.agents}


@define(kw_only=True)
class Attempt:
    """One process that samples in a folder, where another one may have begun."""

    folder: Path
    provider: PaidProvider = field(factory=PaidProvider)
    options: Mapping[str, Any] = field(factory=lambda: {"max_bad_fraction": 1.0})
    limits: Mapping[str, Any] = field(factory=dict)
    budget: Mapping[str, Any] = field(factory=dict)
    players: Mapping[str, Player] = field(factory=lambda: PLAYERS)
    should_stop: Any = lambda: None
    on_episode: Any = None

    @property
    def journal(self) -> EpisodeJournal:
        return EpisodeJournal(self.folder / "train-0000.jsonl")

    def sample(self, count: int, **task: Any) -> list[Episode]:
        return run_virtually(self.sampling(count, **task))

    async def sampling(self, count: int, **task: Any) -> list[Episode]:
        store = AnswerStore(self.folder / "answers.sqlite")
        budget = Budget(self.folder / "budget.sqlite", **self.budget)
        answers = AnswerService(
            self.provider, store=store, budget=budget, options=LimitsConfig(**self.limits)
        )
        sampler = EpisodeSampler(
            GuessingGame(),
            answers,
            self.players,
            SamplingConfig(**self.options),
            7,
            should_stop=self.should_stop,
        )
        try:
            return await sampler.sample(episode_tasks(count, **task), self.journal, self.on_episode)
        finally:
            store.close()
            budget.close()
