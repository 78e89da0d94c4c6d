"""Samples the episodes of an iteration, hundreds at once on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from mlkernel import RunStopped, UsageError
from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.rollouts.episode import Episode, EpisodeOutcome
from mlkernel_text.rollouts.episode_growth import EpisodeGrowth
from mlkernel_text.rollouts.episode_journal import EpisodeJournal
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.outcomes import USABLE
from mlkernel_text.rollouts.player import Player
from mlkernel_text.rollouts.sampling_config import SamplingConfig
from mlkernel_text.rollouts.sampling_stage import OnEpisode, SamplingFailed, SamplingStage
from mlkernel_text.scenario.scenario import Scenario

STOP_POLL = 0.1
"""Seconds between two looks at whether to stop."""


class EpisodeSampler:
    """Samples episodes; what they are depends on seeds only, never on timing or on how many are under way.

    :param players: agent → the model behind it, for every agent of the scenario.
    :param run_seed: from it every episode's seed is derived.
    :param should_stop: whether or why to stop; asked ten times a second.
    :raises UsageError: an agent has no player.
    """

    def __init__(
        self,
        scenario: Scenario,
        answers: AnswerService,
        players: Mapping[str, Player],
        options: SamplingConfig,
        run_seed: int,
        *,
        should_stop: Callable[[], str | bool | None] = lambda: None,
    ) -> None:
        missing = [agent.name for agent in scenario.agents if agent.name not in players]
        if missing:
            raise UsageError(
                f"no player is given for {', '.join(missing)}", hint="Name a model for each agent."
            )
        self._scenario = scenario
        self._answers = answers
        self._players = players
        self._options = options
        self._run_seed = run_seed
        self._should_stop = should_stop

    async def sample(
        self,
        tasks: Sequence[EpisodeTask],
        journal: EpisodeJournal,
        on_episode: OnEpisode | None = None,
        tolerated: AbstractSet[EpisodeOutcome] = USABLE,
    ) -> list[Episode]:
        """Sample what *journal* does not hold yet, and give the episodes in the order of *tasks*.

        Each episode is on disk before anybody is told of it.

        :param on_episode: called for every episode: first for those of the journal, then for each one as it ends.
        :param tolerated: outcomes of which there may be as many as there are.
        :raises SamplingFailed: too many are unusable; those that met a provider's failure are asked for again when
            the run is resumed.
        :raises RunStopped: the run was asked to stop.
        :raises BudgetReached: the next request might pass a cap.
        :raises ProviderError: no request can succeed, because of a key, a quota or a model's name.
        :raises UsageError: the journal holds episodes of something else.
        """
        allowed = self._options.max_bad_fraction
        stage = SamplingStage(tasks, journal, self._run_seed, allowed, on_episode, tolerated)
        try:
            stage.take_from_journal()
            missing = stage.missing()
            waiting, count = iter(missing), min(self._options.episodes_in_flight, len(missing))
            await self._supervise([asyncio.create_task(self._work(waiting, stage)) for _ in range(count)])
        except SamplingFailed:
            journal.drop(lambda episode: episode.outcome == "error")
            raise
        finally:
            journal.sync()
            journal.close()
        return stage.episodes()

    async def _work(self, waiting: Iterator[EpisodeTask], stage: SamplingStage) -> None:
        for task in waiting:
            growth = EpisodeGrowth(
                task,
                task.seed(self._run_seed),
                self._scenario,
                self._answers,
                self._players,
                self._options.invalid_retries,
            )
            try:
                stage.add(await growth.grow())
            except Exception as error:
                error.add_note(f"in {task.split} episode {task.index} of {task.instance.id!r}")
                raise

    def _stop_if_asked(self) -> None:
        reason = self._should_stop()
        if reason:
            raise RunStopped(reason if isinstance(reason, str) else "the run was asked to stop")

    async def _supervise(self, workers: Sequence[asyncio.Task[None]]) -> None:
        pending = set(workers)
        try:
            while pending:
                self._stop_if_asked()
                done, pending = await asyncio.wait(
                    pending, timeout=STOP_POLL, return_when=asyncio.FIRST_EXCEPTION
                )
                for worker in done:
                    worker.result()
        except BaseException:
            await self._answers.drain(self._options.stop_grace)
            raise
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
