"""One episode on its way: a chain of turns, or a tree where several answers are followed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

from mlkernel import TrainingError
from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.backends.backend import Sample, SampleRequest, SampleResult
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.node_draft import NodeDraft, finished_nodes
from mlkernel_text.rollouts.outcomes import worst_outcome
from mlkernel_text.rollouts.player import Player
from mlkernel_text.scenario.scenario import Interaction, Scenario, Turn
from mlkernel_text.scenario.stable_random import stable_hash

Result = TypeVar("Result")


class EpisodeGrowth:
    """Plays one episode.

    :param seed: the episode's own.
    :param invalid_retries: how often an answer that breaks the rules is asked for again.
    """

    def __init__(
        self,
        task: EpisodeTask,
        seed: int,
        scenario: Scenario,
        answers: AnswerService,
        players: Mapping[str, Player],
        invalid_retries: int,
    ) -> None:
        self._task = task
        self._seed = seed
        self._scenario = scenario
        self._answers = answers
        self._players = players
        self._invalid_retries = invalid_retries
        self._drafts: list[NodeDraft] = []

    async def grow(self) -> Episode:
        """Play to the end of every path."""
        players = self._players.items()
        interaction = self._scenario.begin(
            self._task.instance,
            self._seed,
            {agent: player.instructions for agent, player in players if player.instructions},
            {agent: player.prompt for agent, player in players if player.prompt is not None},
        )
        await self._follow(interaction, None)
        nodes = finished_nodes(self._drafts)
        outcome = worst_outcome(node.outcome for node in nodes)
        return Episode(
            iteration=self._task.iteration,
            split=self._task.split,
            index=self._task.index,
            instance=self._task.instance.id,
            seed=self._seed,
            label=self._task.instance.label,
            fields=self._task.instance.fields,
            nodes=nodes,
            outcome=outcome,
            problem=next((node.problem for node in nodes if node.outcome == outcome), None),
        )

    async def _follow(self, interaction: Interaction, parent: NodeDraft | None) -> None:
        """Go on after *parent* until the episode ends, or parts into several paths that are followed at once."""
        while not interaction.done:
            ends = await self._play_round(interaction, parent)
            if len(ends) == 1:
                parent = ends[0]
                if not self._advance(interaction, parent):
                    return
                continue
            branches = [(interaction.copy(), end) for end in ends]
            await _all([self._follow(copy, end) for copy, end in branches if self._advance(copy, end)])
            return

    async def _play_round(self, interaction: Interaction, parent: NodeDraft | None) -> list[NodeDraft]:
        """Ask all who speak in this round at once; give the last turn of each combination of answers."""
        turns = interaction.turns()
        if not turns:
            raise TrainingError(f"nobody speaks in round {interaction.round}, and the episode has not ended")
        paths = [() if parent is None else parent.path]
        asked: list[Coroutine[Any, Any, list[NodeDraft]]] = []
        for turn in turns:
            count = self._task.branching.get(turn.agent, 1)
            asked += [self._ask(interaction, turn, path, count) for path in paths]
            paths = [(*path, number) for path in paths for number in range(count)]
        drafts = {draft.path: draft for siblings in await _all(asked) for draft in siblings}
        for path, draft in drafts.items():
            draft.parent = drafts.get(path[:-1], parent)
        self._drafts += drafts.values()
        return [drafts[path] for path in paths]

    def _advance(self, interaction: Interaction, end: NodeDraft) -> bool:
        """End the round with the answers that lead to *end*; say whether the path goes on."""
        round_drafts = []
        draft: NodeDraft | None = end
        while draft is not None and draft.turn.round == end.turn.round:
            round_drafts.append(draft)
            draft = draft.parent
        if any(draft.outcome == "error" for draft in round_drafts):
            return False  # the provider has no answers: what would follow is no game
        result = interaction.advance({draft.turn.agent: draft.utterance for draft in reversed(round_drafts)})
        end.rewards = result.rewards
        if result.done:
            end.done = True
            end.correct = interaction.correct
            end.details = self._scenario.details(self._task.instance, end.utterances())
        return not result.done

    async def _ask(
        self, interaction: Interaction, turn: Turn, path: tuple[int, ...], count: int
    ) -> list[NodeDraft]:
        """Ask for *count* answers that follow *path*, and again for those that break the rules."""
        drafts = [NodeDraft(turn=turn, path=(*path, number)) for number in range(count)]
        wanted = drafts
        for retry in range(self._invalid_retries + 1):
            result = await self._answers.answer(self._request(turn, path, retry, len(wanted)))
            _share_usage(wanted, result)
            for draft, sample in zip(wanted, result.samples, strict=True):
                draft.retries = retry
                _read(draft, sample, interaction)
            wanted = [draft for draft in wanted if draft.is_invalid]
            if not wanted:
                break
        for draft in wanted:
            problem = draft.utterance.problem or "the answer breaks the rules"
            draft.utterance = interaction.silence(turn.agent, problem)
        return drafts

    def _request(self, turn: Turn, path: Sequence[int], retry: int, count: int) -> SampleRequest:
        player = self._players[turn.agent]
        place = ".".join(map(str, path))
        seed = stable_hash(self._seed, "answer", turn.round, turn.agent, place, retry)
        return SampleRequest(
            key=_key(player, turn, seed, count),
            model=player.model,
            chat=turn.chat,
            n=count,
            temperature=player.temperature,
            top_p=player.top_p,
            max_tokens=player.max_tokens,
            stop=player.stop,
            seed=seed,
            logprobs=player.logprobs,
            extra=player.extra,
        )


def _key(player: Player, turn: Turn, seed: int, count: int) -> str:
    """Made of all that is asked: providers refuse a key that comes with another content."""
    parts = [player.signature, str(seed), str(count)]
    for message in turn.chat:
        parts += (message["role"], message["content"])
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _read(draft: NodeDraft, sample: Sample, interaction: Interaction) -> None:
    draft.sample = sample
    if sample.outcome in ("ok", "length"):
        draft.utterance = interaction.read(draft.turn.agent, sample.text)
        draft.is_invalid = not draft.utterance.is_valid
    else:
        draft.utterance = interaction.silence(draft.turn.agent, sample.problem or sample.outcome)
        draft.is_invalid = False


def _share_usage(drafts: Sequence[NodeDraft], result: SampleResult) -> None:
    if result.usage is None:
        return
    for number, draft in enumerate(drafts):
        count = len(drafts)
        draft.prompt_tokens += (result.usage.prompt_tokens + number) // count
        draft.completion_tokens += (result.usage.completion_tokens + number) // count


async def _all(coroutines: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Await all at once; a failure is raised after the others have ended, since their answers are paid for."""
    if len(coroutines) == 1:
        return [await coroutines[0]]
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
