"""Checks of listeners: they hear a run without changing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from tempfile import TemporaryDirectory

from mlkernel.discovery.component import Component
from mlkernel.testing.check import Check, expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.interruption import FailAt, StopAt
from mlkernel.testing.recorded_run import resume_in_process, run_in_process

TINY_TRAINER = "mlkernel.testing.tiny_trainer:TinyTrainer"


def listener_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a listener."""
    yield from component_checks(component, overrides)
    yield Check("hears_something", partial(_check_hooks, component))
    yield Check("changes_no_metrics", partial(_check_metrics, component, overrides))
    yield Check("hears_a_stop_and_a_resume", partial(_check_stop, component, overrides))
    yield Check("hears_a_failure", partial(_check_failure, component))


def _check_hooks(component: Component) -> None:
    listener = component.factory()()
    marked = [name for name in dir(listener) if hasattr(getattr(listener, name, None), "mlkernel_impl")]
    expect(bool(marked), f"{type(listener).__name__} implements no hook; mark its methods with @hookimpl")


def _check_metrics(component: Component, overrides: Sequence[str]) -> None:
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        alone = run_in_process(TINY_TRAINER, overrides, runs=folder)
        heard = run_in_process(TINY_TRAINER, overrides, runs=folder, listeners=[component.factory()()])
        expect(heard.state == "finished", f"a run that it hears {heard.state}: {heard.error!r}")
        expect(
            heard.logged == alone.logged, "a run that it hears logs other metrics than one that it does not"
        )


def _check_stop(component: Component, overrides: Sequence[str]) -> None:
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        listeners = [component.factory()(), StopAt(2)]
        stopped = run_in_process(TINY_TRAINER, overrides, runs=folder, listeners=listeners)
        expect(stopped.state == "stopped", f"a run that is stopped {stopped.state}: {stopped.error!r}")
        resumed = resume_in_process(stopped.directory, listeners=[component.factory()()])
        expect(resumed.state == "finished", f"a run that is resumed {resumed.state}: {resumed.error!r}")


def _check_failure(component: Component) -> None:
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        listeners = [component.factory()(), FailAt()]
        failed = run_in_process(TINY_TRAINER, runs=folder, listeners=listeners)
        told = failed.recorder.calls("on_run_failed")
        expect(len(told) == 1, f"a failure was told {len(told)} times while it listened: {failed.error!r}")
