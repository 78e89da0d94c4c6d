"""Checks of trainers: short runs that must agree with each other, whatever happens to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlkernel.discovery.component import Component
from mlkernel.errors import TrainingError
from mlkernel.testing.check import Check, expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.event_order import check_event_order
from mlkernel.testing.interruption import DeliberateError, FailAt
from mlkernel.testing.run_comparison import expect_same_run
from mlkernel.testing.short_runs import ShortRuns


def trainer_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a trainer.

    Its runs are stopped after a few iterations, so that its default configuration will do; *overrides* make the
    iterations themselves short, or let it finish.

    :param overrides: ``path=value``, as for ``kernel run``.
    """
    yield from component_checks(component, overrides)
    checks = TrainerChecks(ShortRuns(component.reference, overrides))
    for name, method in vars(TrainerChecks).items():
        if not name.startswith("_"):
            yield Check(name, method.__get__(checks))


class TrainerChecks:
    """Each public method is a check; its name is the promise."""

    def __init__(self, runs: ShortRuns) -> None:
        self._runs = runs

    def trains_and_logs_metrics(self) -> None:
        """A short run gets through iterations, and logs something if it finishes."""
        run = self._runs.reference
        expect(run.error is None, f"a short run failed: {run.error!r}")
        expect(bool(run.recorder.calls("on_iteration_ended")), "no iteration of run.loop was made")
        # One that is cut short may not have reached the first of its logging intervals.
        expect(
            len(run.metrics) > 0 or run.state == "stopped",
            "nothing was logged; call iteration.log(...) in a loop",
        )

    def same_seed_gives_same_run(self) -> None:
        """Twice the same in one process: no state outside of the trainer is used."""
        expect_same_run(
            self._runs.reference, self._runs.again(), "a second run with the same seed, in one process,"
        )

    def other_hash_seed_gives_same_run(self) -> None:
        """The same in a new process with another hash seed: no set or ``hash()`` orders anything."""
        expect_same_run(
            self._runs.reference, self._runs.in_another_process(), "a run with another PYTHONHASHSEED"
        )

    def events_come_in_order(self) -> None:
        """Listeners hear a story that makes sense."""
        check_event_order(self._runs.reference.recorder.events)

    def phases_tell_the_totals(self) -> None:
        """``phases()`` announces, before training, what the loops then do."""
        announced = self._runs.announced_phases
        run = self._runs.reference
        entered = {
            call["phase"]: call["total"]
            for call in run.recorder.calls("on_phase_started")
            if "/" not in call["phase"]
        }
        for phase, total in entered.items():
            expect(
                phase in announced, f"phases() does not name the phase {phase!r}, only {sorted(announced)}"
            )
            expect(
                announced[phase] == total,
                f"phases() says {announced[phase]} for {phase!r}; its loop has {total}",
            )
        if run.state == "finished":
            made = dict.fromkeys(announced, 0)
            made |= {call["phase"]: call["completed"] for call in run.recorder.calls("on_iteration_ended")}
            made = {phase: count for phase, count in made.items() if "/" not in phase}
            expect(made == announced, f"phases() says {announced}; iterations made: {made}")

    def stops_at_the_next_boundary(self) -> None:
        """SIGTERM ends the run at the end of the iteration, resumable."""
        run, at = self._runs.stopped_early, self._runs.middle
        made = self._runs.early_stop.made
        expect(made == at, f"asked to stop in iteration {at}, it made {made}; does it catch BaseException?")
        expect(run.state == "stopped", f"asked to stop, it {run.state}: {run.error!r}")
        expect(run.checkpoint() is not None, "it stopped without a checkpoint")

    def stopped_and_resumed_equals_uninterrupted(self) -> None:
        """Stopping and resuming changes nothing."""
        expect_same_run(
            self._runs.reference, self._runs.stopped_and_resumed(), "a run that was stopped and resumed"
        )

    def killed_and_resumed_equals_uninterrupted(self) -> None:
        """A SIGKILL between two checkpoints, and resuming, changes nothing."""
        expect_same_run(
            self._runs.reference, self._runs.killed_and_resumed(), "a run that was killed and resumed"
        )

    def failure_reaches_listeners_once(self) -> None:
        """An exception in the loop is neither swallowed nor told twice."""
        run = self._runs.failing(FailAt())
        told = run.recorder.calls("on_run_failed")
        expect(run.state == "failed", f"an exception in its loop is swallowed: the run {run.state}")
        expect(len(told) == 1, f"on_run_failed was called {len(told)} times for one exception")
        cause = run.error.__cause__ if isinstance(run.error, TrainingError) else run.error
        expect(isinstance(cause, DeliberateError), f"another exception arrives than was raised: {cause!r}")
