"""The episodes of one iteration while they are sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from mlkernel import KernelError, UsageError
from mlkernel_text.rollouts.episode import Episode, EpisodeOutcome
from mlkernel_text.rollouts.episode_journal import EpisodeJournal
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.outcomes import USABLE

OnEpisode = Callable[[Episode], None]


class SamplingFailed(KernelError):  # noqa: N818 - says what failed, as TrainingError cannot
    """Too many episodes are unusable."""


class SamplingStage:
    """Collects episodes: those that the journal has, and new ones, which it writes there.

    :param max_bad_fraction: largest part of the episodes that may be unusable.
    :param tolerated: outcomes of usable episodes.
    """

    def __init__(
        self,
        tasks: Sequence[EpisodeTask],
        journal: EpisodeJournal,
        run_seed: int,
        max_bad_fraction: float,
        on_episode: OnEpisode | None,
        tolerated: AbstractSet[EpisodeOutcome] = USABLE,
    ) -> None:
        self._tasks = tasks
        self._journal = journal
        self._run_seed = run_seed
        self._max_bad = max_bad_fraction * len(tasks)
        self._on_episode = on_episode
        self._tolerated = tolerated
        self._outcomes: Counter[EpisodeOutcome] = Counter()
        self._episodes: dict[tuple[str, int, int], Episode] = {}

    def take_from_journal(self) -> None:
        """Take what an earlier attempt sampled.

        :raises UsageError: the journal holds an episode of another run.
        """
        wanted = {_place(task): task for task in self._tasks}
        for episode in self._journal.episodes():
            task = wanted.get(_place(episode))
            if task is None:
                continue
            if (episode.instance, episode.seed) != (task.instance.id, task.seed(self._run_seed)):
                raise UsageError(
                    f"{self._journal.path} holds an episode of another run: {episode.split} episode {episode.index} is"
                    f" of {episode.instance!r} with seed {episode.seed}, not of {task.instance.id!r}",
                    hint="Move the file away; its episodes are sampled anew.",
                )
            self._count(episode)

    def missing(self) -> list[EpisodeTask]:
        """What is still to be sampled, in order."""
        return [task for task in self._tasks if _place(task) not in self._episodes]

    def episodes(self) -> list[Episode]:
        """All episodes in the order of the tasks."""
        return [self._episodes[_place(task)] for task in self._tasks]

    def add(self, episode: Episode) -> None:
        """Write an episode that ended, and tell of it.

        :raises SamplingFailed: too many are unusable.
        """
        self._journal.append(episode)
        self._count(episode)

    def _count(self, episode: Episode) -> None:
        self._episodes[_place(episode)] = episode
        if self._on_episode is not None:
            self._on_episode(episode)
        self._outcomes[episode.outcome] += 1
        bad = {outcome: count for outcome, count in self._outcomes.items() if outcome not in self._tolerated}
        if sum(bad.values()) > self._max_bad:
            told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(bad.items()))
            raise SamplingFailed(
                f"too many of {len(self._tasks)} episodes are unusable ({told}); the last one: {episode.problem}",
                hint="Mend the cause and resume the run, or allow more of them by sampling.max_bad_fraction.",
            )


def _place(thing: EpisodeTask | Episode) -> tuple[str, int, int]:
    return thing.split, thing.iteration, thing.index
