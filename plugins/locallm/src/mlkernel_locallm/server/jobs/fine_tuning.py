"""Fine-tuning jobs: made, run one after the other, paused, resumed and cancelled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from hashlib import blake2b
from threading import Condition, Thread
from typing import Any

import torch

from mlkernel_locallm.server.graders.grading import GradingError
from mlkernel_locallm.server.http.api_error import ApiError, invalid
from mlkernel_locallm.server.jobs.job_request import JobRequest
from mlkernel_locallm.server.jobs.job_store import UNFINISHED, JobStore
from mlkernel_locallm.server.jobs.training_rows import TrainingFileError
from mlkernel_locallm.server.jobs.tuning_run import Interrupted, TuningRun, Workshop
from mlkernel_locallm.server.store.identifier import new_identifier, now
from mlkernel_locallm.server.store.resources import Document

ORGANISATION = "org-local"
_log = logging.getLogger(__name__)


class FineTuning:
    """All jobs. One thread runs them in the order in which they were made.

    What a client asks is written first and done then: a job whose process dies is found unfinished at the next start,
    and goes on.
    """

    def __init__(self, workshop: Workshop) -> None:
        self.store: JobStore = workshop.store
        self._workshop = workshop
        self._changed = Condition()
        self._current: str | None = None
        self._interrupted = False
        self._closed = False
        self._thread = Thread(target=self._work, name="locallm-tuning", daemon=True)
        self._thread.start()

    def create(self, request: JobRequest, key: str | None) -> Document:
        """Make a job, or find the one that was made for *key*.

        :raises ApiError: 400 for a file, 404 for a model that does not exist.
        """
        self._workshop.models.get(request.model)
        self._check_file(request.training_file, "training_file")
        if request.validation_file is not None:
            self._check_file(request.validation_file, "validation_file")
        job = self.store.jobs.add(_document(request, new_identifier("ftjob-", key)))
        self.store.tell(job["id"], f"Created fine-tuning job: {job['id']}", about="creation")
        self.store.tell(job["id"], f"Validating training file: {request.training_file}", about="validation")
        self._wake()
        return job

    def cancel(self, identifier: str) -> Document:
        """End a job; one that was cancelled before stays as it is.

        :raises ApiError: 404 when there is none, 400 when it has ended otherwise.
        """
        return self._command(
            identifier,
            "cancel",
            {"status": "cancelled", "finished_at": now(), "paused": False},
            "The job was cancelled",
            is_so=lambda job: job["status"] == "cancelled",
        )

    def pause(self, identifier: str) -> Document:
        """Let a job wait, after the step that it is at; its status is ``queued``, and ``paused`` is true.

        :raises ApiError: 404 when there is none, 400 when it has ended.
        """
        return self._command(
            identifier,
            "pause",
            {"paused": True},
            "The job was paused",
            is_so=lambda job: job["status"] in UNFINISHED and job["paused"],
        )

    def resume(self, identifier: str) -> Document:
        """Let a paused job go on.

        :raises ApiError: 404 when there is none, 400 when it has ended.
        """
        return self._command(
            identifier,
            "resume",
            {"paused": False},
            "The job was resumed",
            is_so=lambda job: job["status"] in UNFINISHED and not job["paused"],
        )

    def close(self) -> None:
        """Interrupt the job at work, and wait until its state is kept."""
        with self._changed:
            self._closed = self._interrupted = True
            self._changed.notify()
        self._thread.join()

    def _check_file(self, identifier: str, param: str) -> None:
        document = self._workshop.files.documents.get(identifier)
        if document is None:
            raise invalid(f"'{param}': no such file: '{identifier}'", param, "file_not_found")
        if document["purpose"] != "fine-tune":
            raise invalid(
                f"'{param}': the purpose of {identifier} is {document['purpose']}, not fine-tune", param
            )

    def _command(
        self,
        identifier: str,
        name: str,
        changes: Mapping[str, Any],
        message: str,
        *,
        is_so: Callable[[Document], bool],
    ) -> Document:
        """Change a job and tell whoever runs it; nothing happens if it is so already."""
        with self._changed:
            job = self.store.get(identifier)
            if is_so(job):
                return job
            if name == "pause" and job["status"] == "running":
                changes = {**changes, "status": "queued"}
            changed = self.store.change(
                identifier, changes, message=message, allowed=lambda job: job["status"] in UNFINISHED
            )
            if changed is None:
                status = self.store.get(identifier)["status"]
                raise ApiError(400, f"a job that has {_ENDS[status]} cannot {name}", code="invalid_job_state")
            self._interrupted = self._interrupted or (name != "resume" and self._current == identifier)
            self._changed.notify()
            return changed

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _work(self) -> None:
        torch.set_num_threads(1)
        while job := self._take():
            run = TuningRun(self._workshop, job, lambda: self._interrupted)
            self._attempt(job["id"], run)

    def _take(self) -> Document | None:
        """The next job, as soon as there is one; nothing once closed."""
        with self._changed:
            while not self._closed:
                self._interrupted = False
                job = self.store.next()
                self._current = None if job is None else job["id"]
                if job is not None:
                    return job
                self._changed.wait()
            return None

    def _attempt(self, identifier: str, run: TuningRun) -> None:
        try:
            run.run()
        except Interrupted:
            if self.store.get(identifier)["status"] not in UNFINISHED:
                run.forget()
        except TrainingFileError as error:
            self._fail(identifier, {"code": error.code, "message": error.message, "param": error.param})
        except ApiError as error:
            self._fail(
                identifier, {"code": error.code or "error", "message": error.message, "param": error.param}
            )
        except GradingError as error:
            self._fail(identifier, {"code": "invalid_grader", "message": str(error), "param": "grader"})
        except Exception as error:  # noqa: BLE001 - it becomes the end of the job
            _log.exception("job %s failed", identifier)
            self._fail(identifier, {"code": "server_error", "message": repr(error), "param": None})

    def _fail(self, identifier: str, error: Mapping[str, Any]) -> None:
        self.store.change(
            identifier,
            {"status": "failed", "error": dict(error), "finished_at": now()},
            message=f"The job failed: {error['message']}",
            level="error",
        )


_ENDS = {"succeeded": "succeeded", "failed": "failed", "cancelled": "been cancelled"}


def _document(request: JobRequest, identifier: str) -> Document:
    inner: dict[str, Any] = {"hyperparameters": dict(request.hyperparameters)}
    if request.grader is not None:
        inner["grader"] = dict(request.grader)
    seed = request.seed
    if seed is None:
        seed = int.from_bytes(blake2b(identifier.encode(), digest_size=4).digest()) >> 1
    shared = ("n_epochs", "batch_size", "learning_rate_multiplier")
    return {
        "id": identifier,
        "object": "fine_tuning.job",
        "created_at": now(),
        "error": None,
        "estimated_finish": None,
        "fine_tuned_model": None,
        "finished_at": None,
        "hyperparameters": {name: request.hyperparameters[name] for name in shared},
        "integrations": [],
        "metadata": None if request.metadata is None else dict(request.metadata),
        "method": {"type": request.method, request.method: inner},
        "model": request.model,
        "organization_id": ORGANISATION,
        "paused": False,
        "result_files": [],
        "seed": seed,
        "status": "validating_files",
        "trained_tokens": None,
        "training_file": request.training_file,
        "user_provided_suffix": request.suffix,
        "validation_file": request.validation_file,
    }
