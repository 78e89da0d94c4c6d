"""The base class of pure-text trainers: everything but what is learnt from the rollouts."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

import attrs

from mlkernel import Run, RunStopped, Trainer, UsageError
from mlkernel_text.answers.budget import BudgetReached
from mlkernel_text.backends.backend import TrainingMethod
from mlkernel_text.rollouts.episode import Episode, EpisodeOutcome
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.rollouts.outcomes import USABLE
from mlkernel_text.rollouts.player import Player
from mlkernel_text.rollouts.rollouts import rollouts_from
from mlkernel_text.rollouts.statistics import rollout_statistics
from mlkernel_text.scenario.scenario import Scenario
from mlkernel_text.trainer.agent_settings import agent_settings
from mlkernel_text.trainer.base_run import BaseRun, save_speakers
from mlkernel_text.trainer.episode_archive import EpisodeArchive
from mlkernel_text.trainer.guess_replacement import replaced_share
from mlkernel_text.trainer.provider_answers import ProviderAnswers
from mlkernel_text.trainer.provider_desk import ProviderDesk
from mlkernel_text.trainer.pure_text_config import PureTextConfig
from mlkernel_text.trainer.requirements import check_capabilities, check_tuned_prices, check_validation
from mlkernel_text.trainer.run_records import RunRecords
from mlkernel_text.trainer.shared_model_group import SharedModelGroup, make_groups
from mlkernel_text.trainer.text_environment import TextEnvironment
from mlkernel_text.trainer.training_rows import ANSWERED, Row, answered, set_aside

_LEARNS = "_stage_create_fine_tune_jobs"


class PureTextTrainer(ProviderAnswers, Trainer):
    """Trains agents that are reached through an interface for text, by fine-tune jobs.

    A subclass says what is learnt from the rollouts of an iteration, in :meth:`_stage_create_fine_tune_jobs`. Its
    stages are methods that may be overridden, plain or ``async``; all ``async`` work of a run shares one event loop.

    Each iteration samples rollouts, logs statistics, tests, creates jobs, waits for them and switches models. What a
    stage has done is on disk before it ends, an episode or a job at a time: an iteration that is entered again after a
    crash asks for nothing twice, and comes to the same result.
    """

    Config = PureTextConfig
    methods: ClassVar[frozenset[TrainingMethod]] = frozenset()
    """Training methods that the back end must have."""
    needs_logprobs: ClassVar[bool] = False
    """Whether the back end must tell the log-probabilities of what it samples."""
    trains_models: ClassVar[bool] = True
    """Whether there are fine-tune jobs at all."""
    trains_from_base: ClassVar[bool] = False
    """Whether each job starts from the base model, whatever the agents' options say."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        config: PureTextConfig = self.config
        self.hyper_params = config
        self.iteration = 0
        """The iteration that is being made, from 0."""
        self.scenario: Scenario = config.scenario.make(run.seed)
        self.protocol_handler = self.scenario
        self.agent_names = [agent.name for agent in self.scenario.agents]
        self.num_agents = len(self.agent_names)
        self.max_message_rounds = self.scenario.max_rounds
        self.agent_settings = agent_settings(self.scenario, config.agents)
        if self.trains_from_base:
            self.agent_settings = {
                name: attrs.evolve(settings, from_scratch=True)
                for name, settings in self.agent_settings.items()
            }
        self.instructions = {name: settings.instructions for name, settings in self.agent_settings.items()}
        """Agent → further text at the end of its system prompt."""
        self.default_model = ""
        """The back end's base model, once it is prepared."""
        self._planned: set[str] = set()
        self.shared_model_groups: dict[str, SharedModelGroup] = make_groups(
            self.scenario, self.agent_settings, self._plan_job
        )
        self.train_environment = self._make_train_environment()
        self.test_environment = TextEnvironment(
            scenario=self.scenario,
            split=config.test_split,
            seed=run.seed,
            episodes=config.test_episodes,
        )
        self._base_run = BaseRun(config.rerun_tests_of) if config.rerun_tests_of else None
        self._desk = ProviderDesk(run, config, self._base_run.directory if self._base_run else None)
        self.backend = self._desk.backend
        self._archive = EpisodeArchive(run, config.sampling)
        self._records = RunRecords(run, self.scenario, config)
        self._check()

    # The run

    def train(self) -> None:
        """Train, and test what came out."""
        self._desk.open()
        with asyncio.Runner() as self._runner:
            try:
                self._await(self._prepare())
                self._records.begin()
                if self._base_run is None:
                    self._train_models()
                    self._test_models()
                else:
                    self._rerun_tests(self._base_run)
                self._records.finish(self._models())
            except BudgetReached as reached:
                raise RunStopped(str(reached)) from reached
            finally:
                self._records.note_spent(self._desk.budget.spent)
                self._await(self._desk.close())

    def phases(self) -> dict[str, int]:
        """Training, and the test of its result."""
        if self._base_run is not None:
            return {"test": len(self._base_run.speakers)}
        tests = {} if self.config.test_scheme == "none" else {"test": 1}
        return {"train": self.config.iterations, **tests}

    def _train_models(self) -> None:
        for iteration in self.run.loop("train", total=self.config.iterations):
            self.iteration = iteration.number
            save_speakers(self.run, iteration.number, self._models(), self.instructions)
            iteration.describe("sampling")
            rollouts = self._await(self._stage_sample_rollouts())
            self._stage_log_stats(rollouts)
            if self._check_if_run_test_loop():
                iteration.describe("testing")
                self._await(self._stage_run_test_loop())
            iteration.describe("training")
            self._await(self._create_fine_tune_jobs(rollouts))
            self._await(self._stage_await_fine_tune_jobs())
        self.iteration = self.config.iterations
        save_speakers(self.run, self.iteration, self._models(), self.instructions)

    def _test_models(self) -> None:
        """Test the models that training ended with."""
        if self.config.test_scheme == "none":
            return
        for _ in self.run.loop("test", total=1):
            self._await(self._stage_run_test_loop())

    def _rerun_tests(self, base_run: BaseRun) -> None:
        """Test the models that another run had, iteration by iteration."""
        for number in self.run.loop("test", total=len(base_run.speakers)):
            self.iteration, speakers = base_run.speakers[number.number]
            self.instructions.update(speakers["instructions"])
            for name, group in self.shared_model_groups.items():
                group.model = speakers["models"].get(name, group.base_model)
            self._await(self._stage_run_test_loop())

    # Stages

    async def _stage_sample_rollouts(self) -> NestedArrayDict:
        """Sample the rollouts of this iteration, in the train environment."""
        rollouts: NestedArrayDict = await self._resolve(
            self._sample_rollouts(self.train_environment, self.iteration)
        )
        return rollouts

    async def _sample_rollouts(self, environment: TextEnvironment, iteration: int) -> NestedArrayDict:
        """Sample the episodes of *iteration* that are not in its journal yet; used for training and tests.

        :returns: all of them, batch (path, round).
        """
        episodes = await self._sample_episodes(
            environment.scenario, environment.tasks(iteration), f"{environment.split}-{iteration:04d}"
        )
        self._records.keep_transcripts(episodes, environment.split, iteration)
        return rollouts_from(episodes, environment.scenario)

    def _stage_log_stats(self, rollouts: NestedArrayDict) -> None:
        """Log statistics of the rollouts."""
        self.run.log(self._get_log_stats(rollouts, train=True), phase="train", iteration=self.iteration)

    def _get_log_stats(self, rollouts: NestedArrayDict, *, train: bool = True) -> dict[str, float]:
        """Return what is logged of some rollouts; override it, and update what the superclass returns.

        :param train: whether they are for training; names of test statistics are prefixed with ``test_`` afterwards.
        """
        return dict(rollout_statistics(rollouts, self.scenario))

    def _check_if_run_test_loop(self) -> bool:
        """Whether the models with which this iteration began are tested."""
        scheme = self.config.test_scheme
        return bool(scheme == "all" or (scheme == "first-and-last" and self.iteration == 0))

    async def _stage_run_test_loop(self) -> None:
        """Sample the test episodes with the present models, log, and report their accuracy."""
        rollouts = await self._resolve(self._sample_rollouts(self.test_environment, self.iteration))
        stats = {f"test_{name}": value for name, value in self._get_log_stats(rollouts, train=False).items()}
        self.run.log(stats, phase="test", iteration=self.iteration)
        if "test_accuracy" in stats:
            self._records.note_test(self.iteration, stats["test_accuracy"])
            self.run.report("test_accuracy", stats["test_accuracy"])

    def _stage_create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> Any:
        """Call one ``create_..._job`` method of each group in :attr:`shared_model_groups`; plain or ``async``.

        :param rollouts: of this iteration, or with ``fine_tune_on=all`` of all iterations so far.
        """
        raise NotImplementedError

    async def _create_fine_tune_jobs(self, rollouts: NestedArrayDict) -> None:
        """Let the subclass plan a job for each group, and submit them all."""
        if self.config.fine_tune_on == "all":
            rollouts = self._load_rollouts(self._trained_iterations())
        self._planned = set()
        await self._resolve(self._stage_create_fine_tune_jobs(answered(rollouts)))
        if not self.trains_models:
            return
        for group in self.shared_model_groups.values():
            if group.name not in self._planned:
                reason = group.why_untrained(self.iteration) or "nothing was chosen to learn from"
                self._desk.jobs.skip(self.iteration, group.name, reason)
        self._warn_if_nothing_is_trained()
        await self._desk.jobs.submit(self.iteration)

    def _warn_if_nothing_is_trained(self) -> None:
        jobs = self._desk.jobs.jobs(self.iteration)
        if all(job.state == "skipped" for job in jobs.values()):
            reasons = "; ".join(f"{group}: {job.message}" for group, job in jobs.items())
            self.run.logger.warning(
                "nothing is trained in this iteration", iteration=self.iteration, reasons=reasons
            )

    async def _stage_await_fine_tune_jobs(self) -> None:
        """Wait for the jobs of this iteration, and switch to their models."""
        before = set(self._models().values())
        for name, job in (await self._desk.jobs.wait(self.iteration)).items():
            self.run.logger.debug("fine-tune job is over", group=name, state=job.state, reason=job.message)
            if job.state == "servable" and job.model is not None:
                self.shared_model_groups[name].switch_to(job.model)
        if not self.config.keep_models:
            bases = {group.base_model for group in self.shared_model_groups.values()}
            await self._desk.release(before - bases - set(self._models().values()))

    # For subclasses

    def _make_train_environment(self) -> TextEnvironment:
        """Make the environment of training rollouts; overridden to follow several answers at a turn."""
        return TextEnvironment(
            scenario=self.scenario,
            split="train",
            seed=self.run.seed,
            episodes=self.config.episodes,
            limit=self.config.train_instances,
        )

    def _previous_compatible_iterations(self) -> Iterable[int]:
        """Iterations whose rollouts are trained on with ``fine_tune_on=all``, this one included."""
        return range(self.iteration + 1)

    def _trained_iterations(self) -> list[int]:
        """Iterations whose rollouts this one trains on."""
        return (
            list(self._previous_compatible_iterations())
            if self.config.fine_tune_on == "all"
            else [self.iteration]
        )

    def _load_episodes(self, iteration: int) -> list[Episode]:
        """The training episodes that were sampled in *iteration*, in the order of their tasks."""
        return self._archive.load(f"train-{iteration:04d}")

    async def _sample_episodes(
        self,
        scenario: Scenario,
        tasks: Sequence[EpisodeTask],
        journal: str,
        players: Mapping[str, Player] | None = None,
        tolerated: AbstractSet[EpisodeOutcome] = USABLE,
    ) -> list[Episode]:
        """Sample those of *tasks* that are not in the journal yet, and return all in order.

        :param journal: name of the file in ``artifacts/rollouts``.
        :param players: agent → how it is sampled; by default as the agents stand now.
        :param tolerated: outcomes of which there may be as many as there are; of others, ``max_bad_fraction``.
        """
        players = self._players() if players is None else players
        return await self._archive.sample(scenario, tasks, journal, players, self._desk.answers, tolerated)

    def _trained_episodes(self) -> list[Episode]:
        """The episodes that this iteration trains on, without those in which a model gave no answer."""
        episodes = (
            episode for number in self._trained_iterations() for episode in self._load_episodes(number)
        )
        return [episode for episode in episodes if episode.outcome in ANSWERED]

    def _load_rollouts(self, iterations: int | Iterable[int]) -> NestedArrayDict:
        """The training rollouts of one or several iterations, one after the other."""
        numbers = [iterations] if isinstance(iterations, int) else list(iterations)
        episodes = [episode for number in numbers for episode in self._load_episodes(number)]
        return rollouts_from(episodes, self.scenario)

    def _get_verifier_guess_replacement_proportion(self, iteration: int) -> float:
        """The share of rollouts whose last guess is replaced by the truth."""
        return replaced_share(self.config.guess_replacement, iteration)

    def _get_fine_tune_job_name(self, group: SharedModelGroup) -> str:
        """A label for the group's job at the provider."""
        return f"{self.run.id}-{self.iteration}-{group.name}"

    def _agent_returns(self, rollouts: NestedArrayDict, agent: str) -> Any:
        """The return of *agent* on each path, [path]."""
        rewards = rollouts["next", "agents", "reward"][..., self.agent_names.index(agent)]
        return rewards.sum(axis=1, where=~rollouts["padding"]).astype(float)

    def _players(self) -> dict[str, Player]:
        """Agent → how it is sampled now."""
        return {
            agent: self._player(agent, group.model)
            for group in self.shared_model_groups.values()
            for agent in group.agent_names
        }

    def _player(self, agent: str, model: str) -> Player:
        """How *agent* is sampled; overridden to ask for more than its settings do."""
        return self.agent_settings[agent].player(model, self.instructions[agent])

    # Jobs

    def _plan_job(
        self,
        group: SharedModelGroup,
        method: TrainingMethod,
        rows: Sequence[Row],
        *,
        job_name: str | None,
        options: Mapping[str, Any] = {},
    ) -> None:
        """What a group's ``create_..._job`` methods do."""
        if group.name in self._planned:
            raise UsageError(
                f"a second job was created for the group {group.name!r} in iteration {self.iteration}",
                hint="Call one create_..._job method of a group in an iteration, with all that it shall learn from.",
            )
        self._planned.add(group.name)
        if reason := group.why_untrained(self.iteration):
            self._desk.jobs.skip(self.iteration, group.name, reason)
            return
        check_capabilities(self.backend, type(self).__name__, methods={method})
        name = job_name or self._get_fine_tune_job_name(group)
        self.run.logger.debug("planned", job=name, method=method, rows=len(rows))
        share = self.config.validation_share
        training, validation = set_aside(rows, share, self.run.seed, self.iteration, group.name)
        self._desk.jobs.plan(
            self.iteration,
            group.name,
            model=group.starting_model,
            method=method,
            rows=training,
            validation_rows=validation,
            options=options,
        )

    # State

    def state_dict(self) -> dict[str, Any]:
        """The models; everything else is in files of its own."""
        return {
            "instructions": dict(self.instructions),
            "groups": {name: group.state_dict() for name, group in self.shared_model_groups.items()},
            "tests": self._records.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        self.instructions = dict(state["instructions"])
        for name, group in self.shared_model_groups.items():
            group.load_state_dict(state["groups"][name])
        self._records.load_state_dict(state["tests"])

    # Inner workings

    async def _prepare(self) -> None:
        self.default_model = await self.backend.prepare(self.scenario.curriculum)
        for group in self.shared_model_groups.values():
            group.prepare(self.default_model)
        if self.trains_models and self._base_run is None:
            trained = [group.base_model for group in self.shared_model_groups.values() if not group.is_frozen]
            check_tuned_prices(self.backend, self._desk.budget, trained)

    def _models(self) -> dict[str, str]:
        return {name: group.model for name, group in self.shared_model_groups.items()}

    def _check(self) -> None:
        """Refuse what cannot work before anything is asked or paid for.

        :raises UsageError: the trainer does not say what it learns, or the back end lacks what it needs.
        """
        if getattr(type(self), _LEARNS) is getattr(PureTextTrainer, _LEARNS):
            raise UsageError(
                f"the trainer {type(self).__name__} does not say what it learns",
                hint=f"Write its method {_LEARNS}(self, rollouts).",
            )
        check_capabilities(
            self.backend, type(self).__name__, methods=self.methods, logprobs=self.needs_logprobs
        )
        check_validation(self.backend, self.methods, self.config.validation_share)
        onward = [group.name for group in self.shared_model_groups.values() if group.trains_onward]
        if onward and self.methods and not self.backend.capabilities.continue_tuned:
            raise UsageError(
                f"the back end {self.backend.name!r} cannot train tuned models further, as {', '.join(onward)} would",
                hint="Set agents.default.from_scratch=true: each job then starts from the base model.",
            )

    def _await(self, outcome: Any) -> Any:
        """What a stage returned, after waiting for it if it is ``async``."""
        return self._runner.run(self._resolve(outcome))

    @staticmethod
    async def _resolve(outcome: Any) -> Any:
        return await outcome if inspect.isawaitable(outcome) else outcome


PureTextRlTrainer = PureTextTrainer
"""The name that nip gives it."""
