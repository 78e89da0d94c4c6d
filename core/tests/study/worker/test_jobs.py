"""Runs whose order is a file, for launchers whose jobs cannot reach a driver."""

from __future__ import annotations

import subprocess
import sys

import pytest
from attrs import evolve

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
    """The finished process, how the run ended, and the reports of the job."""
    asked = order(study, f"./targets.py:{name}", parameters={"rate": 2}, **fields)
    job = study / "jobs" / str(sum(1 for _ in study.glob("jobs/*"))) / "job.json"
    job.parent.mkdir(parents=True)
    job.write_bytes(encode(asked))
    done = subprocess.run(
        [sys.executable, "-m", "mlkernel.study.worker", "--job", str(job)],
        cwd=study, capture_output=True, text=True, check=False,
    )  # fmt: skip
    end = decode((job.parent / "end.json").read_bytes())
    assert isinstance(end, Ended)
    return done, end, list(read_json_lines(job.parent / "reports.jsonl"))


def test_each_rung_is_a_job_that_goes_on_from_the_one_before(study):
    done, end, reports = do_job(study, "Climber", until=2, max_step=5)
    assert (done.returncode, end.state, len(reports)) == (0, "paused", 2)
    done, end, reports = do_job(study, "Climber", max_step=5, resume=True)
    assert (done.returncode, end.state) == (0, "finished")
    assert [(one["step"], one["values"]) for one in reports] == [(n, [2 * n]) for n in range(3, 6)]


def test_a_job_that_its_queue_starts_again_goes_on_from_its_checkpoint(study):
    asked = order(study, "./targets.py:Climber", parameters={"rate": 2}, until=2, max_step=5)
    (study / "job.json").write_bytes(encode(asked))
    job = [sys.executable, "-m", "mlkernel.study.worker", "--job", str(study / "job.json")]
    for until in (2, 4):
        (study / "job.json").write_bytes(encode(evolve(asked, until=until)))
        subprocess.run(job, cwd=study, check=True)
    with (study / "reports.jsonl").open("a") as file:
        file.write('{"half a li')
    (study / "job.json").write_bytes(encode(evolve(asked, until=None)))
    subprocess.run(job, cwd=study, check=True)
    reports = list(read_json_lines(study / "reports.jsonl"))
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
