"""What survives SIGKILL, shown with a real process."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from plugins.locallm.tests.server.server_process import ServerProcess
from plugins.locallm.tests.server.training_files import demonstrations

pytestmark = pytest.mark.timeout(900)  # several servers each
PATIENCE_SECONDS = 240
CHAT = [{"role": "user", "content": "question 3"}]
HYPERPARAMETERS = {"n_epochs": 60, "batch_size": 4}


@contextmanager
def running(folder):
    process = ServerProcess(folder)
    # As clients do by default: on a slow machine a server hangs up on who said nothing for some seconds, and speaks.
    with process.client(max_retries=2) as client:
        try:
            yield process, client
        finally:
            process.kill()


def submit(client):
    """The same file and job, under the same ids, wherever it is called."""
    content = demonstrations(20, answer="indeed")
    file = client.files.create(
        file=("rows.jsonl", content), purpose="fine-tune", extra_headers={"Idempotency-Key": "file"}
    )
    return client.fine_tuning.jobs.create(
        model="locallm",
        training_file=file.id,
        seed=5,
        hyperparameters=HYPERPARAMETERS,
        extra_headers={"Idempotency-Key": "job"},
    )


def step_of(client, job):
    events = client.fine_tuning.jobs.list_events(job.id, limit=1)
    return next((event.data.get("step", 0) for event in events if event.data), 0)


def wait_for_step(client, job, step):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while step_of(client, job) < step:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def outcome(client, job):
    """Everything that a client sees of a job that has ended, but for times."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while job.status not in {"succeeded", "failed", "cancelled"}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        job = client.fine_tuning.jobs.retrieve(job.id)
    assert job.status == "succeeded"
    jobs = client.fine_tuning.jobs
    answer = client.chat.completions.create(model=job.fine_tuned_model, messages=CHAT, seed=1, logprobs=True)
    return {
        "jobs": [found.id for found in jobs.list()],
        "model": job.fine_tuned_model,
        "tokens": job.trained_tokens,
        "metrics": client.files.content(job.result_files[0]).text,
        "events": [event.message for event in jobs.list_events(job.id, limit=100)],
        "checkpoints": [found.fine_tuned_model_checkpoint for found in jobs.checkpoints.list(job.id)],
        "text": answer.choices[0].message.content,
        "logprobs": [token.logprob for token in answer.choices[0].logprobs.content],
        "models": sorted(model.id for model in client.models.list()),
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    with running(tmp_path_factory.mktemp("undisturbed")) as (_, client):
        return outcome(client, submit(client))


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([0], id="at once", marks=pytest.mark.slow),
        pytest.param([1], id="at the first step", marks=pytest.mark.slow),
        pytest.param([50, 130], id="twice"),
    ],
)
def test_a_killed_job_ends_once_and_as_if_it_had_not_been_killed(tmp_path, undisturbed, steps):
    for step in steps:
        with running(tmp_path) as (_, client):
            wait_for_step(client, submit(client), step)
    with running(tmp_path) as (_, client):
        assert outcome(client, submit(client)) == undisturbed


def test_a_paused_job_stays_paused_when_the_process_dies_and_goes_on_when_resumed(tmp_path, undisturbed):
    with running(tmp_path) as (_, client):
        job = submit(client)
        wait_for_step(client, job, 20)
        client.fine_tuning.jobs.pause(job.id)
        reached = step_of(client, job)
    with running(tmp_path) as (_, client):
        job = client.fine_tuning.jobs.retrieve(job.id)
        assert (job.status, job.paused) == ("queued", True)
        time.sleep(0.2)
        assert step_of(client, job) - reached <= 1
        client.fine_tuning.jobs.resume(job.id)
        ended = outcome(client, job)
    told = {"The job was paused", "The job was resumed", "Fine-tuning job started"}
    for result in (ended, undisturbed):
        result["events"] = [message for message in result["events"] if message not in told]
    assert ended == undisturbed


@pytest.mark.slow
def test_a_stopped_server_goes_on_with_its_job(tmp_path, undisturbed):
    process = ServerProcess(tmp_path)
    with process.client(max_retries=2) as client:
        wait_for_step(client, submit(client), 10)
    assert process.stop() == 0
    with running(tmp_path) as (_, client):
        assert outcome(client, submit(client))["logprobs"] == undisturbed["logprobs"]


def test_an_answer_that_was_lost_does_not_make_a_second_job(tmp_path):
    with running(tmp_path) as (_, client):
        job = submit(client)
    for path in tmp_path.glob("answers.sqlite*"):
        path.unlink()
    with running(tmp_path) as (_, client):
        assert submit(client).id == job.id
        assert [found.id for found in client.fine_tuning.jobs.list()] == [job.id]


def test_an_upload_that_was_killed_leaves_nothing(tmp_path):
    with running(tmp_path) as (process, _):
        address = urlsplit(process.base_url)
        part = (
            '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
        )
        head = (
            f"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {process.token}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000000\r\n\r\n"
        )
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall((head + part).encode() + demonstrations(2000))
            process.kill()
    # What a process leaves that died while it copied the file, or before it wrote that it has it.
    (tmp_path / "files" / ".unfinished-x").write_bytes(b"{")
    (tmp_path / "files" / "file-unknown").write_bytes(b"{}")
    with running(tmp_path) as (_, client):
        assert list(client.files.list()) == []
        assert list((tmp_path / "files").iterdir()) == []
