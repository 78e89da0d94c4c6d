"""Runs whose order is a file, for launchers whose jobs cannot reach a driver."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlkernel.records.json_lines import read_json_lines
from mlkernel.study.worker.messages import Ended, decode, encode

from .small_driver import order

CLIMBER = """
class Climber:
    def setup(self, config):
        self.height = 0

    def step(self):
        self.height += self.config["rate"]
        return {"loss": self.height}

    def save_checkpoint(self, folder):
        return {"height": self.height}

    def load_checkpoint(self, saved):
        self.height = saved["height"]

def fails(config):
    raise RuntimeError("no data")
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "targets.py").write_text(CLIMBER)
    return tmp_path


def do_job(study, name, **fields):
    """The finished process, how the run ended, and the reports so far."""
    asked = order(study, f"./targets.py:{name}", parameters={"rate": 2}, **fields)
    job = study / "job.json"
    job.write_bytes(encode(asked))
    done = subprocess.run(
        [sys.executable, "-m", "mlkernel.study.worker", "--job", str(job)],
        cwd=study, capture_output=True, text=True, check=False,
    )  # fmt: skip
    run = study / "runs" / "000000-0"
    end = decode((run / "end.json").read_bytes())
    assert isinstance(end, Ended)
    return done, end, list(read_json_lines(run / "reports.jsonl"))


def test_each_rung_is_a_job_that_goes_on_from_the_one_before(study):
    done, end, reports = do_job(study, "Climber", until=2, max_step=5)
    assert (done.returncode, end.state, len(reports)) == (0, "paused", 2)
    done, end, reports = do_job(study, "Climber", max_step=5, resume=True)
    assert (done.returncode, end.state) == (0, "finished")
    assert [(one["step"], one["values"]) for one in reports] == [(n, [2 * n]) for n in range(1, 6)]


def test_a_job_that_fails_has_the_exit_code_of_failures(study):
    done, end, reports = do_job(study, "fails")
    assert (done.returncode, end.state, reports) == (1, "failed", [])
    assert "no data" in end.error


def test_a_job_that_cannot_be_read_says_so(study):
    done = subprocess.run(
        [sys.executable, "-m", "mlkernel.study.worker", "--job", str(study / "none.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "none.json cannot be read" in done.stderr
