"""Checks of trackers: they take whatever runs log, go on where they stopped, and keep one run for one key."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from attrs import define

from mlkernel.discovery.component import Component
from mlkernel.testing.check import Check, expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.configured import configured
from mlkernel.testing.interruption import StopAt
from mlkernel.testing.recorded_run import resume_in_process, run_in_process
from mlkernel.testing.tiny_trainer import TinyTrainer
from mlkernel.tracker.delivery import Delivery
from mlkernel.tracker.source import RunSource
from mlkernel.tracker.tracker import RunFacts, TrackedRecord, TrackedRun, Tracker
from mlkernel.tracker.tracking_file import TrackerChoice, Tracking, TrackingFile

SECRET = "mlkernel-check-of-secrets-7b1e"  # noqa: S105 - searched for, and known to everybody
TRAINER = f"{TinyTrainer.__module__}:{TinyTrainer.__name__}"
NUMBERS = [0.5, 0, -3, 1e300, 1e-320, math.nan, math.inf, -math.inf, 2**70]
NAMES = [
    "loss",
    "loss at 5 %",
    "verlust/gewichtet",
    "größe",
    "a/../b",
    "/c",
    "x" * 300,
    "(a, b)",
    "[a, b]",
    ".",
]


def tracker_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a tracker; each sends something, to where *overrides* or the environment say.

    :param overrides: ``path=value``, such as the address of a server for tests.
    """
    yield from component_checks(component, overrides)
    checks: dict[str, Callable[[Place], None]] = {
        "delivers_a_run": _check_run,
        "goes_on_with_a_run_that_is_resumed": _check_resume,
        "keeps_one_run_for_a_key": _check_key,
        "takes_every_number_and_name": _check_values,
        "takes_steps_in_any_order": _check_steps,
        "takes_every_parameter": _check_parameters,
        "takes_every_state_again_and_again": _check_states,
        "nests_runs_in_a_study": _check_group,
        "writes_no_secret": _check_secret,
    }
    for name, check in checks.items():
        yield Check(name, partial(_in_folder, check, component, overrides))


@define
class Place:
    """The folder of one check, with the tracker that is checked."""

    component: Component
    overrides: Sequence[str]
    path: Path

    def make(self, run: TrackedRun, memory: Mapping[str, str] | None = None) -> Tracker:
        """The tracker of *run*."""
        arguments: list[Any] = [run, memory]
        if self.component.config_class() is not None:
            arguments.insert(0, configured(self.component, self.overrides))
        tracker: Tracker = self.component.factory()(*arguments)
        return tracker

    def run(self, **fields: Any) -> TrackedRun:
        """A run that was never sent."""
        given = {"key": uuid4().hex, "name": "checked-1", "created": 1e9, **fields}
        directory = self.path / given["name"]
        directory.mkdir(exist_ok=True)
        return TrackedRun(directory=directory, **given)

    def deliver(self, directory: Path) -> Tracking:
        """Send a run directory as its follower does, and return what is known then."""
        choice = TrackerChoice(reference=self.component.reference, options=tuple(self.overrides))
        file = TrackingFile(directory, choice.label)
        file.begin(choice)
        Delivery(RunSource(directory), file, nullcontext()).step()
        return file.read()


def _in_folder(check: Callable[[Place], None], component: Component, overrides: Sequence[str]) -> None:
    with TemporaryDirectory(prefix="mlkernel-checks-", ignore_cleanup_errors=True) as path:
        check(Place(component, overrides, Path(path)))


def _check_run(place: Place) -> None:
    run = run_in_process(TRAINER, runs=place.path)
    tracking = place.deliver(run.directory)
    memory = tracking.memory
    expect(tracking.position.records == len(run.metrics), "not every record was delivered")
    expect(tracking.complete_after == 1, "the end of the run was not delivered")
    is_text = memory is not None and all(isinstance(word, str) for word in [*memory, *memory.values()])
    expect(is_text, f"memory holds other things than text: {memory!r}")


def _check_resume(place: Place) -> None:
    stopped = run_in_process(TRAINER, runs=place.path, listeners=[StopAt(2)])
    before = place.deliver(stopped.directory)
    resumed = resume_in_process(stopped.directory)
    after = place.deliver(resumed.directory)
    expect(
        after.memory == before.memory, f"a resumed run is sent to {after.memory} instead of {before.memory}"
    )
    expect(after.position.records == len(resumed.metrics), "not every record of both attempts was delivered")


def _check_key(place: Place) -> None:
    run = place.run()
    first = dict(_used(place, run).memory)
    second = dict(_used(place, run).memory)
    third = dict(_used(place, run, first).memory)
    expect(
        first == second,
        f"made twice for one run, before its memory was kept, it is at {first} and at {second}",
    )
    expect(first == third, f"made again with the memory {first}, it is at {third}")


def _check_values(place: Place) -> None:
    records = [_record(number, {"value": value}) for number, value in enumerate(NUMBERS)]
    records.append(_record(len(records), dict.fromkeys(NAMES, 1.0)))
    _used(place, place.run(), records=records)


def _check_steps(place: Place) -> None:
    steps = [0, 1, 2, 0, 1, 0.5, 10**9, 3]
    records = [_record(number, {"loss": 1.0}, step=step) for number, step in enumerate(steps)]
    records += [
        _record(len(steps) + number, {"loss": 1.0}, step=number) for number in range(1000 - len(steps))
    ]
    _used(place, place.run(), records=records)


def _check_parameters(place: Place) -> None:
    values = {
        "none": None,
        "flag": True,
        "count": 3,
        "rate": 1e-5,
        "nan": math.nan,
        "text": "a|b\nc",
        "empty": "",
    }
    names = dict.fromkeys(NAMES, 1) | {f"many.{number}": number for number in range(250)}
    run = place.run(
        parameters={**values, "long": "x" * 20_000, **names}, tags={"command": "y" * 20_000, "a b": ""}
    )
    memory = _used(place, run).memory
    _used(place, place.run(key=run.key, parameters={"count": 4}), dict(memory))


def _check_states(place: Place) -> None:
    artifact = place.path / "line.txt"
    artifact.write_text("1 2\n", encoding="utf-8")
    tracker = place.make(place.run())
    for attempt, state in enumerate(
        ("pending", "running", "failed", "running", "stopped", "running", "finished")
    ):
        facts = RunFacts(
            state=state,  # type: ignore[arg-type]  # each is one
            reason="because\nof that" if state == "failed" else None,
            attempts=attempt,
            results={"loss": 1 / (1 + attempt), "not": math.nan},
            notes={"fact (1)": "z" * 20_000},
            changes={"trainer.rate": "0.1"} if attempt > 3 else {},
            artifacts=(artifact,),
        )
        tracker.describe(facts)
        tracker.describe(facts)
    tracker.close()


def _check_group(place: Place) -> None:
    study = place.run(name="study")
    of_study = place.make(study)
    of_run = place.make(place.run(name="000000-0", group="study", group_key=study.key))
    expect(of_run.memory != of_study.memory, "a run of a study is the study's own")
    for tracker in (of_run, of_study):
        tracker.log([_record(0, {"loss": 1.0}, phase=None)])
        tracker.describe(RunFacts(state="finished", attempts=1))
        tracker.close()


def _check_secret(place: Place) -> None:
    with _environment(MLKERNEL_CHECK_TOKEN=SECRET):
        place.deliver(run_in_process(TRAINER, runs=place.path).directory)
    files = [path for path in place.path.rglob("*") if path.is_file()]
    telling = [path.name for path in files if SECRET.encode() in path.read_bytes()]
    expect(not telling, f"the value of a secret variable is written to {', '.join(telling)}")


def _used(
    place: Place,
    run: TrackedRun,
    memory: Mapping[str, str] | None = None,
    *,
    records: Sequence[TrackedRecord] = (),
) -> Tracker:
    tracker = place.make(run, memory)
    tracker.log(records or [_record(0, {"loss": 1.0})])
    tracker.describe(RunFacts(state="finished", attempts=1))
    tracker.close()
    return tracker


def _record(
    number: int, metrics: Mapping[str, float], *, step: float | None = None, phase: str | None = "train"
) -> TrackedRecord:
    place = float(number) if step is None else step
    return TrackedRecord(number=number, phase=phase, step=place, time=1e9 + number, metrics=metrics)


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
