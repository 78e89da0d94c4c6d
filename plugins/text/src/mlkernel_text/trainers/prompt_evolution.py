"""Prompt evolution: instructions are improved by reflection on failures, and no weights are touched.

After GEPA (Agrawal et al. 2025, "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement Learning",
algorithm 1):

    keep a pool of prompts, each with its scores on a fixed set of problems
    repeat
        take a prompt that is best on some of them                       (algorithm 2)
        play a minibatch with it, and gather what happened as text
        let a model reflect on it and write a new prompt for one agent
        if the new prompt does better on the same minibatch, score it and put it into the pool
    the result is the prompt with the greatest mean score

It needs samples only, so that every provider will do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs

from mlkernel import Run, UsageError
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.rollouts.outcomes import OF_MODELS, USABLE
from mlkernel_text.rollouts.rollouts import rollouts_from
from mlkernel_text.scenario.stable_random import stable_hash, stable_random
from mlkernel_text.trainer.prompt_pool import Candidate, best_candidate, select_from_front
from mlkernel_text.trainer.pure_text_trainer import PureTextTrainer
from mlkernel_text.trainer.reflection import read_instructions, reflection_chat
from mlkernel_text.trainer.text_environment import TextEnvironment
from mlkernel_text.trainers.prompt_evolution_config import PromptEvolutionConfig


class PromptEvolution(PureTextTrainer):
    """Trainer ``prompt-evolution``."""

    Config = PromptEvolutionConfig
    trains_models: ClassVar[bool] = False

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.pool: list[Candidate] = []
        self._parent = 0
        self._evolved = self.config.evolved or (self.scenario.decider,)
        unknown = set(self._evolved) - set(self.agent_names)
        if unknown:
            raise UsageError(
                f"evolved: the scenario has no agent {min(unknown)!r}",
                hint=f"Its agents are {', '.join(self.agent_names)}.",
            )
        self._pareto_environment = TextEnvironment(
            scenario=self.scenario,
            split="validation",
            seed=run.seed,
            episodes=self.config.pareto_episodes,
        )

    async def _stage_sample_rollouts(self) -> NestedArrayDict:
        """Choose a prompt of the pool, and play a minibatch with it."""
        if not self.pool:
            self.pool.append(await self._scored(dict(self.instructions), None, "pareto-initial"))
        self._parent = self._select()
        tasks = self.train_environment.tasks(self.iteration)
        parent = self.pool[self._parent].instructions
        episodes = await self._play(tasks, f"train-{self.iteration:04d}", parent)
        return rollouts_from(episodes, self.scenario)

    async def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Write a new prompt, and keep it if it does better on the minibatch."""
        tasks = self.train_environment.tasks(self.iteration)
        before = self._load_episodes(self.iteration)
        instructions = await self._reflect(tasks, before)
        if instructions == self.pool[self._parent].instructions:
            self._log_proposal(0.0, accepted=False)
            return
        after = await self._play(tasks, f"proposal-{self.iteration:04d}", instructions)
        gain = sum(map(self._score, after)) / len(after) - sum(map(self._score, before)) / len(before)
        if gain > 0:
            self.pool.append(await self._scored(instructions, self._parent, f"pareto-{self.iteration:04d}"))
            self.instructions = dict(self.pool[best_candidate(self.pool)].instructions)
        self._log_proposal(gain, accepted=gain > 0)

    async def _reflect(self, tasks: Sequence[EpisodeTask], episodes: Sequence[Episode]) -> dict[str, str]:
        """The parent's instructions, with new ones for the agent whose turn it is; asked for once."""
        agent = self._evolved[self.iteration % len(self._evolved)]
        parent = self.pool[self._parent].instructions
        path = self.run.directory / "artifacts" / "proposals" / f"{self.iteration:04d}.json"
        if not path.exists():
            answer = await self._ask(agent, parent.get(agent, ""), tasks, episodes)
            proposal = {**parent, agent: read_instructions(answer) or parent.get(agent, "")}
            with self.run.artifact(f"proposals/{path.name}") as written:
                written.write_text(json.dumps(proposal, indent=2, ensure_ascii=False), encoding="utf-8")
        return dict(json.loads(path.read_text(encoding="utf-8")))

    async def _ask(
        self, agent: str, instructions: str, tasks: Sequence[EpisodeTask], episodes: Sequence[Episode]
    ) -> str:
        config: PromptEvolutionConfig = self.config
        problems = {task.index: task.instance for task in tasks}
        shown = sorted(episodes, key=lambda episode: (self._score(episode), episode.index))
        examples = [
            (episode, problems[episode.index], self._score(episode))
            for episode in shown[: config.reflection_examples]
        ]
        seed = stable_hash("reflection", self.run.seed, self.iteration)
        request = SampleRequest(
            key=f"{self.run.id}/reflection/{self.iteration:04d}",
            model=config.reflection_model or self.default_model,
            chat=reflection_chat(agent, instructions, examples, self.scenario),
            temperature=config.reflection_temperature,
            max_tokens=config.reflection_max_tokens,
            seed=seed,
        )
        (sample,) = (await self._desk.answers.answer(request)).samples
        if sample.outcome in USABLE:
            return sample.text
        self.run.logger.warning("no new instructions were written", agent=agent, reason=sample.problem)
        return ""

    def _select(self) -> int:
        if self.config.selection == "best":
            return best_candidate(self.pool)
        return select_from_front(self.pool, stable_random("candidate", self.run.seed, self.iteration))

    async def _scored(self, instructions: dict[str, str], parent: int | None, journal: str) -> Candidate:
        episodes = await self._play(self._pareto_environment.tasks(0), journal, instructions)
        scores = tuple(self._score(episode) for episode in episodes)
        return Candidate(instructions=instructions, scores=scores, parent=parent)

    async def _play(self, tasks: Sequence[EpisodeTask], journal: str, instructions: Any) -> list[Episode]:
        players = {
            agent: attrs.evolve(player, instructions=instructions.get(agent, ""))
            for agent, player in self._players().items()
        }
        # A proposal may spoil every answer, and then scores accordingly; what the run began with must work.
        is_proposal = bool(self.pool) and instructions != self.pool[0].instructions
        tolerated = OF_MODELS if is_proposal else USABLE
        return await self._sample_episodes(self.scenario, tasks, journal, players, tolerated)

    def _score(self, episode: Episode) -> float:
        """The decider's return, as a share of its reward range; nothing for an episode that is unusable."""
        if episode.outcome not in USABLE:
            return 0.0
        least, greatest = self.scenario.reward_range[self.scenario.decider]
        total = sum(node.rewards.get(self.scenario.decider, 0.0) for node in episode.nodes)
        return (total - least) / (greatest - least)

    def _log_proposal(self, gain: float, *, accepted: bool) -> None:
        best = self.pool[best_candidate(self.pool)].mean
        self.run.log(
            {"minibatch_gain": gain, "accepted": float(accepted), "pool_size": len(self.pool), "best_score": best},
            phase="train",
            iteration=self.iteration,
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """The pool, beside everything else."""
        pool = [
            {"instructions": dict(one.instructions), "scores": list(one.scores), "parent": one.parent}
            for one in self.pool
        ]
        return {**super().state_dict(), "pool": pool}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        super().load_state_dict(state)
        self.pool = [Candidate(**{**one, "scores": tuple(one["scores"])}) for one in state["pool"]]
