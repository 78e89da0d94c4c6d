"""``curl`` drives every endpoint."""

from __future__ import annotations

import json
import shutil
import subprocess
import time

import pytest
from plugins.locallm.tests.server.training_files import demonstrations, json_lines

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")

CHAT = {"model": "locallm", "messages": [{"role": "user", "content": "g4 h8 d7 a6 | 2"}], "seed": 3}
CURL = ["curl", "-sS", "-N", "-w", "\n%{http_code}"]
GRADER = {
    "type": "string_check",
    "name": "same",
    "operation": "eq",
    "input": "{{sample.output_text}}",
    "reference": "6",
}


@pytest.fixture
def curl(process):
    def call(path, *arguments, status=200):
        answer = subprocess.run(
            [*CURL, "-H", f"Authorization: Bearer {process.token}", *arguments, process.base_url + path],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        body, _, code = answer.rpartition("\n")
        assert int(code) == status, body
        return body

    return call


@pytest.fixture
def post(curl):
    def call(path, body, *arguments, status=200):
        sent = ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body), *arguments]
        return json.loads(curl(path, *sent, status=status))

    return call


@pytest.fixture
def upload(curl, tmp_path):
    def call(content, purpose):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(content)
        return json.loads(curl("/files", "-F", f"purpose={purpose}", "-F", f"file=@{path}"))["id"]

    return call


@pytest.fixture
def wait(curl):
    def call(path, status):
        while (found := json.loads(curl(path)))["status"] != status:
            assert found["status"] != "failed", found
            time.sleep(0.05)
        return found

    return call


def test_chat_and_models(curl, post):
    answer = post("/chat/completions", CHAT)
    events = curl("/chat/completions", "--json", json.dumps({**CHAT, "stream": True})).splitlines()
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(line.removeprefix("data: ")) for line in events if line.startswith("data: {")]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == answer["choices"][0]["message"]["content"]
    assert json.loads(curl("/models"))["data"][0]["id"] == "locallm"
    assert json.loads(curl("/models/locallm"))["object"] == "model"
    assert json.loads(curl("/models/nobody", status=404))["error"]["code"] == "model_not_found"


def test_files_jobs_and_tuned_models(curl, post, upload, wait):
    file = upload(demonstrations(), "fine-tune")
    assert json.loads(curl(f"/files/{file}"))["purpose"] == "fine-tune"
    assert file in [found["id"] for found in json.loads(curl("/files?purpose=fine-tune"))["data"]]
    assert len(curl(f"/files/{file}/content").splitlines()) == 12
    job = post("/fine_tuning/jobs", {"model": "locallm", "training_file": file, "metadata": {"by": file}})[
        "id"
    ]
    found = json.loads(curl(f"/fine_tuning/jobs?metadata[by]={file}", "-g"))
    assert [other["id"] for other in found["data"]] == [job]
    post(f"/fine_tuning/jobs/{job}/pause", {})
    assert json.loads(curl(f"/fine_tuning/jobs/{job}"))["paused"] is True
    assert post(f"/fine_tuning/jobs/{job}/resume", {})["paused"] is False
    tuned = wait(f"/fine_tuning/jobs/{job}", "succeeded")["fine_tuned_model"]
    assert len(json.loads(curl(f"/fine_tuning/jobs/{job}/events?limit=2"))["data"]) == 2
    assert len(json.loads(curl(f"/fine_tuning/jobs/{job}/checkpoints"))["data"]) == 3
    post(f"/fine_tuning/jobs/{job}/cancel", {}, status=400)
    assert post("/chat/completions", {**CHAT, "model": tuned})["model"] == tuned
    assert json.loads(curl(f"/models/{tuned}", "-X", "DELETE"))["deleted"] is True
    assert json.loads(curl(f"/files/{file}", "-X", "DELETE"))["deleted"] is True


def test_graders(post):
    assert post("/fine_tuning/alpha/graders/validate", {"grader": GRADER})["grader"] == GRADER
    assert post("/fine_tuning/alpha/graders/run", {"grader": GRADER, "model_sample": "6"})["reward"] == 1.0


def test_batches(curl, post, upload, wait):
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": CHAT}
    file = upload(json_lines([line]), "batch")
    body = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    batch = post("/batches", body)["id"]
    output = wait(f"/batches/{batch}", "completed")["output_file_id"]
    answer = json.loads(curl(f"/files/{output}/content"))["response"]["body"]
    assert answer["choices"] == post("/chat/completions", CHAT)["choices"]
    assert json.loads(curl("/batches?limit=1"))["data"][0]["id"] == batch
    post(f"/batches/{batch}/cancel", {}, status=400)


def test_a_wrong_token_and_a_foreign_host_are_refused(curl):
    curl("/models", "-H", "Authorization: Bearer wrong", status=401)
    curl("/models", "-H", "Host: evil.example", status=403)
    curl("/models", "-H", "Origin: http://evil.example", status=403)
