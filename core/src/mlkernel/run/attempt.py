"""One process's work on a run, from the opened run directory to how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from mlkernel.config.choice import chosen_components
from mlkernel.config.sections import RunConfiguration
from mlkernel.discovery.component import Component
from mlkernel.errors import KernelError, PluginError, RunStopped, StorageError, TrainingError
from mlkernel.records.atomic_file import clear_leftovers
from mlkernel.records.event_log import EventLog
from mlkernel.records.redaction import Redactor
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import State, Status
from mlkernel.run.heartbeat import Heartbeat
from mlkernel.run.hook_bus import HookBus
from mlkernel.run.kernel_answers import KernelAnswers, codec_finder
from mlkernel.run.plan import Plan
from mlkernel.run.provenance import changed_versions, versions_in_use
from mlkernel.run.random_stream import seed_global_generators
from mlkernel.run.run import Run
from mlkernel.run.run_context import RunContext
from mlkernel.run.stop_request import StopRequest

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from mlkernel.checkpoint.checkpoint import Checkpoint

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


class Attempt:
    """One process's work on a run, whose lock it holds: restore, train, and write how it ended."""

    def __init__(
        self,
        files: RunDirectory,
        plan: Plan,
        component: Component,
        configuration: RunConfiguration,
        status: Status,
        listeners: Sequence[Component | object],
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
            clear_leftovers(self._files.path)
            events = EventLog(self._files.events, console_level=self._configuration.run.log_level)
            stack.callback(events.close)
            stop_request = stack.enter_context(StopRequest())
            attempt = self._status.begin_attempt(versions_in_use(self._components()))
            heartbeat = stack.enter_context(Heartbeat(self._files, self._status, stop_request))
            events.logger.debug("attempt started", attempt=attempt.number, run=self._files.run_id)
            self._warn_of_other_versions(events.logger)
            return self._train_under(heartbeat, stop_request, events.logger)

    def _components(self) -> list[Component]:
        listeners = [one for one in self._listeners if isinstance(one, Component)]
        return [self._component, *chosen_components(self._configuration.trainer), *listeners]

    def _warn_of_other_versions(self, logger: FilteringBoundLogger) -> None:
        before, now = [{}, *(attempt.versions for attempt in self._status.attempts)][-2:]
        # An attempt of which no versions are known says nothing about them.
        changed = changed_versions(before, now) if before else []
        if changed:
            logger.warning("versions differ from those of the attempt before", changed=changed)

    def _train_under(
        self, heartbeat: Heartbeat, stop_request: StopRequest, logger: FilteringBoundLogger
    ) -> Outcome:
        run: Run | None = None
        try:
            hooks = self._make_hooks(logger)
            run = self._make_run(hooks, stop_request, logger)
            heartbeat.hand_out(run.keeper.metrics)
            self._train(run)
        except RunStopped as stopped:
            stop_request.close()
            return self._end_stopped(run, heartbeat, stopped.reason)
        except KeyboardInterrupt:
            stop_request.close()
            return self._end_stopped(run, heartbeat, "interrupted")
        except BaseException as error:
            stop_request.close()
            self._fail(run, heartbeat, error, logger)
            if isinstance(error, KernelError) or not isinstance(error, Exception | SystemExit):
                raise
            raise TrainingError(
                f"run {self._files.run_id} failed: {Redactor().text(f'{type(error).__name__}: {error}')}",
                hint=f"kernel logs {self._files.run_id} shows where; kernel resume {self._files.run_id} goes on.",
            ) from error
        stop_request.close()
        return self._end(run, heartbeat, "finished", None)

    def _make_hooks(self, logger: FilteringBoundLogger) -> HookBus:
        hooks = HookBus(logger, strict=self._configuration.run.strict_plugins)
        hooks.register(KernelAnswers(self._find_codec), "mlkernel")
        for number, listener in enumerate(self._listeners):
            if isinstance(listener, Component):
                _register_installed(hooks, listener, logger, strict=self._configuration.run.strict_plugins)
            else:
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

    def _end(
        self,
        run: Run | None,
        heartbeat: Heartbeat,
        outcome: State,
        reason: str | None,
        saved: Checkpoint | None = None,
    ) -> Outcome:
        if run is not None:
            run.progress.close(outcome)
            run.keeper.metrics.close()
        heartbeat.end_attempt(outcome, reason)
        if run is not None and saved is not None:
            run.keeper.tell_of(saved)
        if run is not None and outcome == "finished":
            run.hooks.notifier("on_run_finished")(run=run)
        elif run is not None:
            run.hooks.notifier("on_run_stopped")(run=run, reason=reason)
        return Outcome(self._files.path, self._status, reason)

    def _end_stopped(self, run: Run | None, heartbeat: Heartbeat, reason: str) -> Outcome:
        """At a boundary the state has been saved; in the middle of an iteration, what is kept is that at its beginning.

        The middle is where a second Ctrl-C, or a trainer that looked whether it shall stop, leaves it.
        """
        saved = None if run is None else run.keeper.save_last_boundary()
        return self._end(run, heartbeat, "stopped", reason, saved)

    def _fail(
        self, run: Run | None, heartbeat: Heartbeat, error: BaseException, logger: FilteringBoundLogger
    ) -> None:
        if run is not None:
            run.progress.close("failed")
        reason = Redactor().text(f"{type(error).__name__}: {error}").splitlines()[0]
        saved = None
        try:
            logger.debug("failed", exc_info=error)
            if run is not None:
                saved = run.keeper.save_last_boundary()
                run.keeper.metrics.close()
        except Exception as second:  # noqa: BLE001 - the first error is the one to be told
            error.add_note(f"then its last boundary could not be saved: {second}")
        try:
            heartbeat.end_attempt("failed", reason)
        except StorageError as full:
            error.add_note(f"then its status could not be written: {full.message}")
        if run is not None and saved is not None:
            with _noted_on(error):
                run.keeper.tell_of(saved)
        if run is not None:
            with _noted_on(error):
                run.hooks.notifier("on_run_failed")(run=run, error=error)


@contextmanager
def _noted_on(error: BaseException) -> Iterator[None]:
    """Let a strict listener's failure not hide *error*, which came first."""
    try:
        yield
    except PluginError as strict:
        error.add_note(f"then a listener failed, too: {strict.message}")


def _register_installed(
    hooks: HookBus, component: Component, logger: FilteringBoundLogger, *, strict: bool
) -> None:
    """Nobody chose it by name, so a listener that cannot be made ends the run only under strict plugins."""
    try:
        listener = component.factory()()
    except (Exception, SystemExit) as error:
        if strict:
            raise PluginError(f"{component.title} could not be made: {error!r}") from error
        logger.warning(
            "a listener could not be made; the run goes on without it",
            listener=component.reference,
            exc_info=error,
        )
    else:
        hooks.register(listener, component.reference)
