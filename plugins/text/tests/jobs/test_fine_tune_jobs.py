"""Jobs of a real run, at a provider behind a real socket."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from mlkernel import hookimpl
from mlkernel.testing import resume_in_process, run_in_process
from mlkernel_text.jobs.job_ledger import JobLedger

TRAINER = f"{Path(__file__).with_name('job_trainer.py')}:JobTrainer"


@pytest.fixture
def train(customer, tmp_path):
    def train(*overrides, listeners=()):
        return run_in_process(
            TRAINER, [f"backend.base_url={customer.base_url}", *overrides], runs=tmp_path, listeners=listeners
        )

    return train


def ledger(run):
    return JobLedger(run.directory / "fine-tune.sqlite")


def states(run, group="prover", iteration=0):
    """What listeners heard of the jobs of *group*, over all attempts."""
    heard = defaultdict(list)
    for call in run.recorder.calls("on_fine_tune_job_changed"):
        heard[call["job"].key].append(call["job"].state)
    return [states for key, states in heard.items() if f"/{iteration:04d}/{group}/" in key]


def test_a_job_lives_from_plan_to_servable(train, customer):
    run = train()
    assert run.state == "finished", run.error
    assert states(run) == [
        ["planned", "uploaded", "submitted", "pending", "running", "succeeded", "deploying", "servable"]
    ]
    assert [record["servable"] for record in run.logged] == [2, 2]
    assert len(customer.report["jobs"]) == 4


def test_a_job_that_was_made_is_not_forgotten_when_it_is_skipped(train):
    (lived,) = states(train("iterations=1", "skips_late=true"))
    assert lived[-1] == "servable"
    assert "skipped" not in lived


def test_listeners_are_told_the_state_before(train):
    calls = train("iterations=1").recorder.calls("on_fine_tune_job_changed")
    verifier = [(call["previous"], call["job"].state) for call in calls if "/verifier/" in call["job"].key]
    assert verifier[0] == (None, "planned")
    assert all(before[1] == after[0] for before, after in pairwise(verifier))


def test_training_goes_on_from_the_tuned_model(train, customer):
    train()
    first, *_, last = sorted(customer.report["jobs"], key=lambda job: job["created_at"])
    assert first["model"] == "base"
    assert last["model"].startswith("ft:base:")


def test_every_job_is_settled_at_what_was_trained(train, customer):
    run = train()
    trained = sum(job["trained_tokens"] for job in customer.report["jobs"])
    status = json.loads((run.directory / "status.json").read_text())
    assert status["notes"]["tokens"] == trained


def test_a_job_above_the_budget_is_not_created(train, customer):
    run = train("max_tokens=6000")  # one job may take 4,500
    assert run.state == "failed"
    assert "budget is reached" in str(run.error)
    assert len(customer.report["jobs"]) == 1
    resumed = resume_in_process(run.directory, ["max_tokens=100000"])
    assert resumed.state == "finished", resumed.error
    assert sorted(customer.report["created"].values()) == [1, 1, 1, 1]


def test_too_few_rows_are_skipped_with_the_reason(train, customer):
    run = train("rows=9")
    assert states(run) == [["skipped"]]
    assert ledger(run).current(0, "prover").job.message == "9 training rows, and 10 are needed"
    assert len(customer.report["jobs"]) == 2


def test_the_training_file_is_an_artifact(train):
    run = train("iterations=1")
    request = ledger(run).current(0, "verifier").request
    assert request.training_file == run.directory / "artifacts/fine-tune/0000-verifier.jsonl"
    assert json.loads(request.training_file.read_text().splitlines()[-1])["text"] == "verifier 0 11"


@pytest.mark.parametrize("fault", ["fail", "cancel", "forget"])
def test_a_job_that_ended_badly_is_tried_again_under_another_key(train, customer, fault):
    customer.configure(schedule={"jobs": [{"at": 1, "fault": fault}]})
    run = train("iterations=1")
    assert run.state == "finished", run.error
    assert sorted(key[-1] for key in customer.report["created"]) == ["1", "1", "2"]
    assert set(customer.report["created"].values()) == {1}
    assert sorted(record.attempt for record in ledger(run).history()) == [1, 1, 2]


def test_a_job_that_ended_badly_may_end_the_run(train, customer):
    customer.configure(schedule={"jobs": [{"at": 1, "fault": "fail"}]})
    run = train("fine_tune.on_failure=raise")
    assert run.state == "failed"
    assert "server_error: lightning" in str(run.error)


def test_a_job_that_ended_badly_may_leave_the_model_as_it_was(train, customer):
    customer.configure(schedule={"jobs": [{"at": 1, "fault": "fail"}]})
    run = train("iterations=1", "fine_tune.on_failure=keep-model")
    assert run.state == "finished", run.error
    assert [record["servable"] for record in run.logged] == [1]


def test_a_job_that_no_other_attempt_can_mend_is_not_tried_again(train, customer):
    customer.configure(schedule={"jobs": [{"at": 1, "fault": "fail-badly"}]})
    run = train()
    assert run.state == "failed"
    assert "invalid_training_file" in str(run.error)


def test_attempts_end(train, customer):
    customer.configure(schedule={"jobs": [{"at": at, "fault": "fail"} for at in range(1, 20)]})
    run = train("fine_tune.max_attempts=2")
    assert run.state == "failed"
    assert "in attempt 2" in str(run.error)


@pytest.mark.parametrize("fault", ["500-after", "timeout-after", "cut-json", "cut-connection", "no-json"])
@pytest.mark.parametrize("knows_idempotency", [True, False])
def test_an_answer_that_got_lost_makes_no_second_job(train, customer, fault, knows_idempotency):
    customer.faults(("create", 1, fault), knows_idempotency=knows_idempotency, patience=1.2)
    run = train("iterations=1")
    assert run.state == "finished", run.error
    assert sorted(customer.report["created"].values()) == [1, 1]
    assert customer.report["requests"]["create"] == 2 if not knows_idempotency else True


def test_polls_bear_errors(train, customer):
    customer.faults(*(("poll", at, "500-before") for at in range(1, 20)))
    run = train("iterations=1", "fine_tune.max_retries=0", "fine_tune.backoff=0.001")
    assert run.state == "finished", run.error


def test_a_refused_key_ends_the_run_and_loses_nothing(train, customer):
    customer.faults(("poll", 1, "error:401:invalid_api_key:expired"))
    run = train("iterations=1")
    assert run.state == "failed"
    assert "expired" in str(run.error)
    resumed = resume_in_process(run.directory)
    assert resumed.state == "finished"
    assert sorted(customer.report["created"].values()) == [1, 1]


def test_a_daily_limit_parks_the_job(train, customer):
    customer.faults(("create", 1, "error:429:daily_rate_limit_exceeded:come back tomorrow"))

    class Impatient:
        @hookimpl
        def on_fine_tune_job_changed(self, run, job):
            if job.state == "parked":
                assert time.time() + 3000 < job.retry_at < time.time() + 3700
                record = JobLedger(run.directory / "fine-tune.sqlite")
                assert record.find(job.key).job == job
                os.kill(os.getpid(), signal.SIGTERM)

    run = train("iterations=1", listeners=[Impatient()])
    assert run.state == "stopped"
