"""Checks of progress bars: the stories that a run may tell them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from tempfile import TemporaryDirectory

from mlkernel.discovery.component import Component
from mlkernel.hookspecs import hookimpl
from mlkernel.progress.progress_bar import ProgressBar
from mlkernel.testing.check import Check, expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.recorded_run import run_in_process

Story = Callable[[ProgressBar], None]
TINY_TRAINER = "mlkernel.testing.tiny_trainer:TinyTrainer"


def progress_bar_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a progress bar."""
    yield from component_checks(component, overrides)
    yield Check("has_all_methods", partial(_check_methods, component))
    for name, story in STORIES.items():
        yield Check(f"shows[{name}]", partial(_check_story, component, story))
    yield Check("shows_a_real_run", partial(_check_run, component, overrides))


def _make(component: Component) -> ProgressBar:
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        answer = _Answer(component, kept=True)
        run = run_in_process(TINY_TRAINER, ["iterations=1"], runs=folder, listeners=[answer])
        expect(run.error is None, f"the bar cannot be made: {run.error!r}")
    return answer.bar


class _Answer:
    """Makes the bar with a real run; a kept one is not shown in that run."""

    def __init__(self, component: Component, *, kept: bool) -> None:
        self._component = component
        self._kept = kept
        self.bar: ProgressBar

    @hookimpl
    def make_progress_bar(self, run: object) -> ProgressBar | None:
        self.bar = self._component.factory()(run)
        return None if self._kept else self.bar


def _check_methods(component: Component) -> None:
    bar = _make(component)
    names = [name for name in vars(ProgressBar) if not name.startswith("_")]
    missing = ", ".join(name for name in names if not callable(getattr(bar, name, None)))
    expect(not missing, f"{type(bar).__name__} lacks methods of ProgressBar: {missing}")


def _check_story(component: Component, story: Story) -> None:
    threads = set(threading.enumerate())
    # What it draws is none of the reader's business, who waits for the results of the checks.
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as error:
        story(_make(component))
        restored = (sys.stdout, sys.stderr) == (output, error)
    expect(restored, "after close() standard output or error is still redirected")
    left = [thread.name for thread in threading.enumerate() if thread not in threads and not thread.daemon]
    expect(not left, f"after close() threads go on that keep the process alive: {', '.join(left)}")


def _check_run(component: Component, overrides: Sequence[str]) -> None:
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        listener = _Answer(component, kept=False)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            run = run_in_process(TINY_TRAINER, overrides, runs=folder, listeners=[listener])
        expect(run.state == "finished", f"a run that shows it {run.state}: {run.error!r}")


def _finished(bar: ProgressBar) -> None:
    bar.start("tiny-1", {"train": 3, "test": 1})
    for phase, total in {"train": 3, "test": 1}.items():
        bar.phase_started(phase, total, 0, 0)
        bar.describe(phase, "at work")
        for completed in range(1, total + 1):
            bar.advance(phase, completed, {"loss": 0.5 / completed, "examples": 32})
        bar.phase_ended(phase)
    bar.close("finished")


def _nested_phases_entered_again(bar: ProgressBar) -> None:
    bar.start("tiny-1", {"train": 3})
    bar.phase_started("train", 3, 0, 0)
    for completed in range(1, 4):
        bar.phase_started("train/epoch", 2, 0, 1)
        bar.advance("train/epoch", 2, {})
        bar.phase_ended("train/epoch")
        bar.advance("train", completed, {})
    bar.phase_ended("train")
    bar.close("finished")


def _resumed_with_a_phase_done_before(bar: ProgressBar) -> None:
    bar.start("tiny-1", {"train": 3, "test": 4})
    bar.phase_started("train", 3, 3, 0)
    bar.phase_ended("train")
    bar.phase_started("test", 4, 2, 0)
    bar.advance("test", 4, {})
    bar.phase_ended("test")
    bar.close("finished")


def _open_total_and_no_announced_phase(bar: ProgressBar) -> None:
    bar.start("tiny-1", {})
    bar.phase_started("explore", None, 0, 0)
    bar.advance("explore", 7, {"score": float("nan")})
    bar.describe("explore", "")
    bar.phase_ended("explore")
    bar.close("finished")


def _stopped_in_a_nested_phase(bar: ProgressBar) -> None:
    bar.start("tiny-1", {"train": 3})
    bar.phase_started("train", 3, 1, 0)
    bar.phase_started("train/epoch", 2, 0, 1)
    bar.advance("train/epoch", 1, {})
    bar.close("stopped")


def _failed_before_any_phase(bar: ProgressBar) -> None:
    bar.start("tiny-1", {"train": 3})
    bar.close("failed")


def _words_that_look_like_markup(bar: ProgressBar) -> None:
    bar.start("tiny [1] {x} %s", {"träin [/]": 1})
    bar.phase_started("träin [/]", 1, 0, 0)
    bar.describe("träin [/]", "[bold]50 % of {everything}[/wrong]\nand more")
    bar.advance("träin [/]", 1, {"[red]{loss}%d": float("inf"), "n": 10**30})
    bar.phase_ended("träin [/]")
    bar.close("finished")


STORIES: dict[str, Story] = {
    "a_finished_run": _finished,
    "nested_phases_entered_again": _nested_phases_entered_again,
    "a_resumed_run": _resumed_with_a_phase_done_before,
    "an_open_total": _open_total_and_no_announced_phase,
    "a_stop_in_a_nested_phase": _stopped_in_a_nested_phase,
    "a_failure_before_any_phase": _failed_before_any_phase,
    "words_that_look_like_markup": _words_that_look_like_markup,
}
