"""The checks of trackers find those that break their promises."""

from __future__ import annotations

import json
import os
from pathlib import Path
from uuid import uuid4

import pytest

from mlkernel.testing import check_plugin


class Sound:
    """Keeps what it is given beside the run, one line a record."""

    rewrites = False

    def __init__(self, run, memory):
        self.path = run.directory / "received" if memory is None else Path(memory["path"])
        self.path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def memory(self):
        return {"path": str(self.path)}

    def log(self, records):
        with self.path.open("a") as file:
            file.writelines(f"{record.step} {record.named_metrics()}\n" for record in records)

    def describe(self, facts):
        self.path.with_suffix(".state").write_text(facts.state)

    def close(self):
        pass


class BeginsAnother(Sound):
    """Makes a new run of its own each time that it is made."""

    def __init__(self, run, memory):
        super().__init__(run, {"path": str(run.directory / uuid4().hex)})


class ForgetsKeys(Sound):
    """Goes on only where its memory was kept."""

    def __init__(self, run, memory):
        super().__init__(run, memory or {"path": str(run.directory / uuid4().hex)})


class RefusesNotANumber(Sound):
    def log(self, records):
        super().log(records)
        json.dumps([dict(record.metrics) for record in records], allow_nan=False)


class WantsGrowingSteps(Sound):
    def log(self, records):
        steps = [record.step for record in records]
        assert steps == sorted(steps)
        super().log(records)


class WritesTheEnvironment(Sound):
    def __init__(self, run, memory):
        super().__init__(run, memory)
        (self.path.parent / "environment").write_text(str(dict(os.environ)))


class WantsText(Sound):
    def __init__(self, run, memory):
        super().__init__(run, memory)
        assert all(isinstance(value, str) for value in run.parameters.values())


class EndsOnce(Sound):
    def describe(self, facts):
        path = self.path.with_suffix(".state")
        assert not path.exists() or path.read_text() != "failed"
        super().describe(facts)


def failed(tracker: str) -> set[str]:
    results = check_plugin(f"{__file__}:{tracker}", kind="tracker")
    return {
        result.name for result in results if not result.passed and result.name != "imports_public_names_only"
    }


def test_a_sound_tracker_passes():
    assert failed("Sound") == set()


@pytest.mark.parametrize(
    ("tracker", "check"),
    [
        ("BeginsAnother", "goes_on_with_a_run_that_is_resumed"),
        ("BeginsAnother", "keeps_one_run_for_a_key"),
        ("ForgetsKeys", "keeps_one_run_for_a_key"),
        ("RefusesNotANumber", "takes_every_number_and_name"),
        ("WantsGrowingSteps", "takes_steps_in_any_order"),
        ("WritesTheEnvironment", "writes_no_secret"),
        ("WantsText", "takes_every_parameter"),
        ("EndsOnce", "takes_every_state_again_and_again"),
    ],
)
def test_broken_ones_do_not(tracker, check):
    assert check in failed(tracker)
