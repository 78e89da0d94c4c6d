"""The story of a run.

``kernel run`` resolves the trainer's name, builds and checks its configuration, writes both into one plan, opens a run
directory for it, and trains. ``kernel resume`` reads the plan back and trains on. Whatever happens then, the run's
directory tells it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from attrs import frozen

from mlkernel.config.files import read_config_file
from mlkernel.config.sections import RunConfiguration, build, chosen_trainer, from_plain, to_plain
from mlkernel.discovery.listeners import listeners as installed_listeners
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import (
    KernelError,
    PluginError,
    RunStopped,
    StorageError,
    TrainingError,
    UsageError,
)
from mlkernel.records.atomic_file import clear_leftovers, storage_errors
from mlkernel.records.event_log import EventLog
from mlkernel.records.redaction import Redactor
from mlkernel.records.run_directory import RunDirectory, runs_root
from mlkernel.records.run_lock import RunLock
from mlkernel.records.status import State, Status, read_status
from mlkernel.run.heartbeat import Heartbeat
from mlkernel.run.hook_bus import HookBus
from mlkernel.run.kernel_answers import KernelAnswers, codec_finder
from mlkernel.run.plan import ChosenTrainer, Plan, Revision, read_plan
from mlkernel.run.provenance import current_command, describe_provenance
from mlkernel.run.random_stream import seed_global_generators
from mlkernel.run.run import Run
from mlkernel.run.run_context import RunContext
from mlkernel.run.stop_request import StopRequest

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from mlkernel.discovery.component import Component

STOPPED_EXIT_CODE = 75
"""``EX_TEMPFAIL``: the run stopped before its end and can be resumed."""


@frozen
class Outcome:
    """How an attempt ended."""

    directory: Path
    """The run directory."""
    status: Status
    """Where the run stands now: state, best reported value, what the trainer noted."""
    reason: str | None = None
    """Why it ended before its end."""

    @property
    def exit_code(self) -> int:
        """0 finished, 75 stopped and resumable."""
        return 0 if self.status.state == "finished" else STOPPED_EXIT_CODE


def start_run(
    trainer: str | None = None,
    *,
    config_files: Sequence[str | Path] = (),
    overrides: Sequence[str] = (),
    runs: str | Path | None = None,
    listeners: Sequence[object] | None = None,
) -> Outcome:
    """Make a plan, open a run directory for it, and train.

    :param trainer: a name, ``distribution:name``, ``package.module:Attribute`` or ``./file.py:Attribute``; without
        it, what the configuration files ``use``.
    :param config_files: TOML, YAML or JSON; later ones lie over earlier ones.
    :param overrides: ``path=value``, over the files.
    :param runs: the folder of run directories; by default ``$MLKERNEL_RUNS``, or ``runs`` in the current folder.
    :param listeners: objects with hook implementations, in place of the installed listeners.
    :raises UsageError: something that was asked for is wrong; no run directory is left behind.
    :raises TrainingError: the trainer raised; the run can be resumed.
    """
    layers = [read_config_file(path) for path in config_files]
    component = resolve("trainer", _named_trainer(trainer or chosen_trainer(layers)))
    configuration = build(component.config_class(), layers, overrides, descriptor=component.descriptor)
    plan = make_plan(component, configuration)
    files = RunDirectory(runs_root(runs).absolute() / plan.run_id)  # a trainer may change the current folder
    with storage_errors(files.path):
        files.path.mkdir(parents=True)
    try:
        plan.write(files.plan)
        return Attempt(files, plan, component, configuration, Status(), listeners).train()
    except UsageError:
        if _is_untouched(files):
            shutil.rmtree(files.path, ignore_errors=True)
        raise


def resume_run(
    directory: str | Path, *, overrides: Sequence[str] = (), listeners: Sequence[object] | None = None
) -> Outcome:
    """Train on from the newest intact checkpoint; a finished run only if *overrides* change its configuration.

    :param directory: the run directory.
    :param overrides: ``path=value``, over the configuration that the run had.
    :param listeners: objects with hook implementations, in place of the installed listeners.
    :raises UsageError: an override is wrong, the run is locked, or none of its checkpoints can be read.
    :raises TrainingError: the trainer raised; the run can be resumed again.
    """
    files = RunDirectory(Path(directory).resolve())
    plan, status = read_plan(files.plan), read_status(files)
    if status.state == "finished" and not overrides:
        return Outcome(files.path, status, "it had finished before")
    component = resolve("trainer", plan.trainer.reference)
    configuration = from_plain(
        component.config_class(),
        plan.config,
        overrides,
        source=str(files.plan),
        descriptor=component.descriptor,
    )
    revised = _revise(plan, configuration, attempt=len(status.attempts) + 1)
    return Attempt(files, revised, component, configuration, status, listeners).train()


def make_plan(component: Component, configuration: RunConfiguration) -> Plan:
    """Write down what was chosen, with a new run's name: trainer, time and eight letters."""
    now = datetime.now(UTC)
    label = re.sub(r"[^\w.-]+", "-", configuration.run.name or component.name).strip("-")
    return Plan(
        run_id=f"{label}-{now:%Y%m%d-%H%M%S}-{os.urandom(4).hex()}",
        created=now.isoformat(timespec="seconds"),
        trainer=ChosenTrainer(
            name=component.name,
            reference=component.reference,
            distribution=component.distribution,
            version=component.version,
        ),
        config=to_plain(configuration),
        provenance=describe_provenance([component, *installed_listeners()], current_command()),
    )


def _named_trainer(name: str | None) -> str:
    if name is None:
        raise UsageError(
            "no trainer was named",
            hint="kernel run --trainer NAME, or use = 'NAME' in the section [trainer] of a --config file; "
            "kernel plugin list --kind trainer shows what is installed.",
        )
    return name


def _is_untouched(files: RunDirectory) -> bool:
    """Whether nothing was done in the run directory yet that somebody could miss."""
    made = (files.checkpoints, files.journal, files.artifacts)
    return not any(path.exists() for path in made) and not (
        files.metrics.exists() and files.metrics.stat().st_size
    )


def _revise(plan: Plan, configuration: RunConfiguration, attempt: int) -> Plan:
    config = to_plain(configuration)
    changes = {
        f"{section}.{key}": value
        for section, values in config.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if plan.config.get(section, {}).get(key) != value
    }
    if not changes:
        return plan
    return attrs.evolve(
        plan, config=config, revisions=(*plan.revisions, Revision(attempt=attempt, changes=changes))
    )


class Attempt:
    """One process's work on a run: lock, restore, train, and write how it ended."""

    def __init__(
        self,
        files: RunDirectory,
        plan: Plan,
        component: Component,
        configuration: RunConfiguration,
        status: Status,
        listeners: Sequence[object] | None = None,
    ) -> None:
        self._files = files
        self._plan = plan
        self._component = component
        self._configuration = configuration
        self._status = status
        self._listeners = listeners
        self._find_codec = codec_finder()

    def train(self) -> Outcome:
        """Train to the end, or to where the run is stopped.

        :raises KernelError: with the exit code of the process; the run's status has been written.
        """
        with ExitStack() as stack:
            lock = RunLock(self._files.lock)
            lock.acquire()
            stack.callback(lock.release)
            clear_leftovers(self._files.path)
            self._plan.write(self._files.plan)
            events = EventLog(self._files.events, console_level=self._configuration.run.log_level)
            stack.callback(events.close)
            stop_request = stack.enter_context(StopRequest())
            attempt = self._status.begin_attempt()
            heartbeat = stack.enter_context(Heartbeat(self._files, self._status, stop_request))
            events.logger.debug("attempt started", attempt=attempt.number, run=self._files.run_id)
            return self._train_under(heartbeat, stop_request, events.logger)

    def _train_under(
        self, heartbeat: Heartbeat, stop_request: StopRequest, logger: FilteringBoundLogger
    ) -> Outcome:
        run: Run | None = None
        try:
            hooks = self._make_hooks(logger)
            run = self._make_run(hooks, stop_request, logger)
            self._train(run)
        except RunStopped as stopped:
            return self._end(run, heartbeat, "stopped", stopped.reason)
        except KeyboardInterrupt:
            return self._end_torn(run, heartbeat)
        except BaseException as error:
            self._fail(run, heartbeat, error, logger)
            if isinstance(error, KernelError) or not isinstance(error, Exception | SystemExit):
                raise
            raise TrainingError(
                f"run {self._files.run_id} failed: {Redactor().text(f'{type(error).__name__}: {error}')}",
                hint=f"kernel logs {self._files.run_id} shows where; kernel resume {self._files.run_id} goes on.",
            ) from error
        return self._end(run, heartbeat, "finished", None)

    def _make_hooks(self, logger: FilteringBoundLogger) -> HookBus:
        hooks = HookBus(logger, strict=self._configuration.run.strict_plugins)
        hooks.register(KernelAnswers(self._find_codec), "mlkernel")
        if self._listeners is None:
            _register_installed_listeners(hooks, logger)
        else:
            for number, listener in enumerate(self._listeners):
                hooks.register(listener, f"listener {number} ({type(listener).__name__})")
        hooks.seal()
        return hooks

    def _make_run(self, hooks: HookBus, stop_request: StopRequest, logger: FilteringBoundLogger) -> Run:
        run = Run(
            RunContext(
                plan=self._plan,
                files=self._files,
                config=self._configuration.trainer,
                checkpoint_config=self._configuration.checkpoint,
                status=self._status,
                hooks=hooks,
                logger=logger,
                stop_request=stop_request,
                find_codec=self._find_codec,
            )
        )
        if run.resumed:
            logger.info("resumed", completed=run.keeper.state.positions.completed)
        return run

    def _train(self, run: Run) -> None:
        make_trainer = self._component.factory()
        seed_global_generators(run.seed)  # once more: the import may have loaded NumPy
        trainer = make_trainer(run)
        run.keep("trainer", trainer)
        run.hooks.register(trainer, f"trainer {self._component.name}")
        run.hooks.seal()
        bar = run.hooks.ask("make_progress_bar", run=run, name=self._configuration.run.progress_bar)
        run.progress.open(bar, run.id, trainer.phases())
        run.hooks.notifier("on_run_started")(run=run)
        trainer.train()
        run.boundaries.settle()
        run.keeper.save()

    def _end(self, run: Run | None, heartbeat: Heartbeat, outcome: State, reason: str | None) -> Outcome:
        if run is not None:
            run.progress.close(outcome)
            run.keeper.metrics.close()
        heartbeat.end_attempt(outcome, reason)
        if run is not None and outcome == "finished":
            run.hooks.notifier("on_run_finished")(run=run)
        elif run is not None:
            run.hooks.notifier("on_run_stopped")(run=run, reason=reason)
        return Outcome(self._files.path, self._status, reason)

    def _end_torn(self, run: Run | None, heartbeat: Heartbeat) -> Outcome:
        """A second Ctrl-C came in the middle of an iteration: what is kept is the state at its beginning."""
        if run is not None:
            run.keeper.save_last_boundary()
        return self._end(run, heartbeat, "stopped", "interrupted")

    def _fail(
        self, run: Run | None, heartbeat: Heartbeat, error: BaseException, logger: FilteringBoundLogger
    ) -> None:
        if run is not None:
            run.progress.close("failed")
        reason = Redactor().text(f"{type(error).__name__}: {error}").splitlines()[0]
        try:
            logger.debug("failed", exc_info=error)
            if run is not None:
                run.keeper.save_last_boundary()
                run.keeper.metrics.close()
        except Exception as second:  # noqa: BLE001 - the first error is the one to be told
            error.add_note(f"then its last boundary could not be saved: {second}")
        try:
            heartbeat.end_attempt("failed", reason)
        except StorageError as full:
            error.add_note(f"then its status could not be written: {full.message}")
        if run is not None:
            try:
                run.hooks.notifier("on_run_failed")(run=run, error=error)
            except PluginError as strict:
                error.add_note(f"then a listener failed, too: {strict.message}")


def _register_installed_listeners(hooks: HookBus, logger: FilteringBoundLogger) -> None:
    for component in installed_listeners():
        try:
            listener = component.factory()()
        except (Exception, SystemExit) as error:  # nobody chose it by name, so it may not end the run
            logger.warning(
                "a listener could not be made; the run goes on without it",
                listener=component.reference,
                exc_info=error,
            )
        else:
            hooks.register(listener, component.reference)
