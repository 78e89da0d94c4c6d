"""A run that is killed and resumed until it is finished, at a provider that fails as scheduled."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from attrs import asdict, frozen
from plugins.text.tests.faults.fault_schedule import Extent, Kill, Schedule
from plugins.text.tests.faults.provider_process import Customer, ProviderProcess
from plugins.text.tests.faults.training_child import train

from mlkernel.testing import RecordedRun
from mlkernel.testing.recorded_run import recorded_earlier

KILLED, STOPPED = -9, 75
ATTEMPTS = 60
SECONDS = 120.0
PRELOADED = (
    "matplotlib.figure",
    "mlkernel.plots.learning_curve",
    "mlkernel.run.session",
    "mlkernel_text.backends.openai_backend",
    "mlkernel_text.scenarios.cards",
    "mlkernel_text.trainers.expert_iteration",
    "openai.resources.chat",
    "openai.resources.fine_tuning",
    "plugins.text.tests.faults.training_child",
)
"""Imported once, before processes fork."""
KEY_NAME, KEY = "FAULTS_PROVIDER_KEY", "sk-faults-0a1b2c3d4e5f"


def forking() -> ForkServerContext:
    """Makes processes that have imported everything before they begin."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


@frozen(kw_only=True)
class FaultyRun:
    """How a run ended, and what the provider says of it."""

    run: RecordedRun
    report: dict[str, Any]
    attempts: int
    kills: int
    seconds: float
    """Of the longest attempt."""
    calls: int
    """Points at which the last attempt could have been killed, if they were counted."""

    @property
    def result(self) -> dict[str, Any]:
        """What must be the same whatever went wrong: every metric, and the models."""
        status = json.loads((self.run.directory / "status.json").read_text(encoding="utf-8"))
        return {"logged": self.run.logged, "best": status["best"], "state": self.run.trainer_state()}

    @property
    def extent(self) -> Extent:
        """For schedules of the same run."""
        return Extent(
            requests=self.report["requests"],
            jobs=len(self.report["jobs"]),
            calls=self.calls,
            seconds=self.seconds,
        )


def faulty_run(
    provider: ProviderProcess, words: Sequence[str], folder: Path, schedule: Schedule | None = None
) -> FaultyRun:
    """Start ``kernel run`` with *words*, and resume it until it is finished.

    :param schedule: none for a run without faults, whose kill points are counted.
    :raises AssertionError: an attempt failed otherwise than by being killed or stopped, or took too long.
    """
    folder.mkdir(parents=True)
    customer = provider.customer(schedule=schedule, pid_file=str(folder / "pid"), patience=1.6, key=KEY)
    kills: list[Kill | None] = [*(schedule.kills if schedule is not None else [Kill(place="call", at=0)])]
    longest, killed = 0.0, 0
    for attempt in range(1, ATTEMPTS + 1):
        began = time.monotonic()
        code = _attempt(words, customer, folder, kills.pop(0) if kills else None)
        longest = max(longest, time.monotonic() - began)
        if code == 0:
            return _finished(customer, folder, attempt, killed, longest)
        killed += code == KILLED
        output = (folder / "output.log").read_text(encoding="utf-8")
        assert code in {KILLED, STOPPED}, (
            f"attempt {attempt} ended with {code} under {schedule}:\n{output[-6000:]}"
        )
    raise AssertionError(f"not finished after {ATTEMPTS} attempts under {schedule}")


def _attempt(words: Sequence[str], customer: Customer, folder: Path, kill: Kill | None) -> int:
    run = next((path for path in folder.glob("runs/*") if (path / "plan.json").exists()), None)
    command = (
        [
            "run",
            "--runs",
            "runs",
            *words,
            f"backend.base_url={customer.base_url}",
            f"backend.api_key_env={KEY_NAME}",
        ]
        if run is None
        else ["resume", str(run.relative_to(folder))]
    )
    environment = {KEY_NAME: KEY, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    process = forking().Process(
        target=train, args=(command, str(folder), environment, None if kill is None else asdict(kill))
    )
    process.start()
    process.join(SECONDS)
    (folder / "pid").unlink(missing_ok=True)
    if process.exitcode is None:
        process.kill()
        process.join()
        output = (folder / "output.log").read_text(encoding="utf-8")
        raise AssertionError(f"an attempt hangs:\n{output[-6000:]}")
    return process.exitcode


def _finished(customer: Customer, folder: Path, attempts: int, kills: int, seconds: float) -> FaultyRun:
    (directory,) = [path for path in folder.glob("runs/*") if (path / "plan.json").exists()]
    return FaultyRun(
        run=recorded_earlier(directory),
        report=customer.report,
        attempts=attempts,
        kills=kills,
        seconds=seconds,
        calls=int((folder / "calls").read_text(encoding="utf-8")),
    )


def check_equal(run: FaultyRun, undisturbed: FaultyRun, schedule: Schedule) -> None:
    """The promise: no job twice, no generation paid twice, the same final result.

    :raises AssertionError: it was broken; the message names the schedule.
    """
    twice = {key: count for key, count in run.report["created"].items() if count > 1}
    assert not twice, f"jobs were created twice: {twice} under {schedule}"
    again = {key: count for key, count in run.report["paid"].items() if count > 1}
    assert not again, f"{len(again)} generations were paid twice under {schedule}"
    assert run.report["paid"] == undisturbed.report["paid"], f"other generations were paid under {schedule}"
    assert run.result == undisturbed.result, f"another result under {schedule}"


def files_with(text: str, folder: Path) -> list[Path]:
    """Files beneath *folder* in which *text* stands."""
    needle = text.encode()
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]
