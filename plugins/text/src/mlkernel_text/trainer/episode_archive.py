"""The journals of a run: what was sampled, and what is still missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from mlkernel import Run
from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.rollouts.episode import Episode, EpisodeOutcome
from mlkernel_text.rollouts.episode_journal import EpisodeJournal
from mlkernel_text.rollouts.episode_sampler import EpisodeSampler
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.outcomes import USABLE
from mlkernel_text.rollouts.player import Player
from mlkernel_text.rollouts.sampling_config import SamplingConfig
from mlkernel_text.scenario.scenario import Scenario


class EpisodeArchive:
    """Samples each episode of a run once, whatever happens in between."""

    def __init__(self, run: Run, options: SamplingConfig) -> None:
        self._run = run
        self._options = options

    async def sample(
        self,
        scenario: Scenario,
        tasks: Sequence[EpisodeTask],
        journal: str,
        players: Mapping[str, Player],
        answers: AnswerService,
        tolerated: AbstractSet[EpisodeOutcome] = USABLE,
    ) -> list[Episode]:
        """Sample those of *tasks* that are not in the journal yet, and return all in order.

        :param journal: name of the file in ``artifacts/rollouts``, without its suffix.
        :param tolerated: outcomes of which there may be as many as there are.
        """
        sampler = EpisodeSampler(
            scenario,
            answers,
            players,
            self._options,
            self._run.seed,
            should_stop=lambda: self._run.stop_reason,
        )
        return await sampler.sample(tasks, self._journal(journal), tolerated=tolerated)

    def load(self, journal: str) -> list[Episode]:
        """The episodes in a journal, in the order of their tasks."""
        return sorted(self._journal(journal).episodes(), key=lambda episode: episode.index)

    def _journal(self, name: str) -> EpisodeJournal:
        return EpisodeJournal(self._run.directory / "artifacts" / "rollouts" / f"{name}.jsonl")
