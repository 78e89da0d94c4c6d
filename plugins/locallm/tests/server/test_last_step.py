from __future__ import annotations

import io

import pytest
from plugins.locallm.tests.server.training_files import demonstrations

from mlkernel_locallm.server.jobs.job_request import read_job_request
from mlkernel_locallm.server.jobs.tuning_run import Interrupted, TuningRun, Workshop
from mlkernel_locallm.server.serve import base_models
from mlkernel_locallm.server.server_config import ServerConfig
from mlkernel_locallm.server.service import Service


@pytest.fixture
def service(tmp_path):
    service = Service(ServerConfig(folder=tmp_path / "server"), base_models())
    service.jobs.close()  # the test runs the job itself
    yield service
    service.close()


def run_with(service, at_last_step):
    """Run a job of one step, during which a client asks for something."""
    file = service.files.add(io.BytesIO(demonstrations()), filename="rows.jsonl", purpose="fine-tune")
    body = {"model": "locallm", "training_file": file["id"], "hyperparameters": {"n_epochs": 1}}
    job = service.jobs.create(read_job_request(body), None)
    workshop = Workshop(
        store=service.jobs.store,
        files=service.files,
        models=service.models,
        grading=service.grading,
        folder=service.folder / "unfinished",
    )

    def command() -> bool:
        at_last_step(job["id"])
        return True

    with pytest.raises(Interrupted):
        TuningRun(workshop, job, command).run()
    return workshop, service.jobs.store.get(job["id"])


def test_a_job_that_is_cancelled_in_its_last_step_leaves_no_model(service):
    before = service.models.documents()
    _, job = run_with(service, service.jobs.cancel)
    assert (job["status"], job["fine_tuned_model"], job["result_files"]) == ("cancelled", None, [])
    assert service.models.documents() == before
    assert {file["purpose"] for file in service.files.documents.all()} == {"fine-tune"}


def test_a_job_that_is_paused_in_its_last_step_ends_when_it_is_resumed(service):
    workshop, job = run_with(service, service.jobs.pause)
    assert (job["paused"], job["fine_tuned_model"]) == (True, None)
    resumed = service.jobs.resume(job["id"])
    TuningRun(workshop, resumed, lambda: pytest.fail("a step was taken again")).run()
    done = service.jobs.store.get(job["id"])
    assert done["status"] == "succeeded"
    assert done["fine_tuned_model"] in {document["id"] for document in service.models.documents()}
