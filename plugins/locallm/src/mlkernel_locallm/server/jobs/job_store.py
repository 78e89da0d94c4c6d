"""Jobs, their events and their checkpoints, as they are told to clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from mlkernel_locallm.server.http.api_error import missing
from mlkernel_locallm.server.store.database import Database
from mlkernel_locallm.server.store.identifier import new_identifier, now
from mlkernel_locallm.server.store.resources import Document, Resources

UNFINISHED = frozenset({"validating_files", "queued", "running"})
"""States that a job leaves. A paused job is queued, with ``paused`` true: OpenAI's schema has no word of its own."""


class JobStore:
    """What is known of jobs.

    Events and checkpoints are named after what they tell of, so that a job which is run again after the process died
    tells nothing twice.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.jobs = Resources(database, "jobs")
        self.events = Resources(database, "events")
        self.checkpoints = Resources(database, "checkpoints")

    def get(self, identifier: str) -> Document:
        """The job.

        :raises ApiError: 404 when there is none.
        """
        job = self.jobs.get(identifier)
        if job is None:
            raise missing("fine-tuning job", identifier, "fine_tuning_job_id")
        return job

    def unfinished(self) -> list[Document]:
        """Jobs that have not ended, oldest first."""
        return [job for job in self.jobs.all() if job["status"] in UNFINISHED]

    def next(self) -> Document | None:
        """The job whose turn it is."""
        return next((job for job in self.unfinished() if not job["paused"]), None)

    def change(
        self,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        message: str,
        level: Literal["info", "warn", "error"] = "info",
        allowed: Callable[[Document], bool] = lambda job: job["status"] in UNFINISHED and not job["paused"],
    ) -> Document | None:
        """Edit a job and tell of it, or neither.

        :param allowed: whether the job, as it is at that moment, may be edited so; by default one that has its turn.
        :returns: the edited job, or ``None`` if that was not allowed.
        """
        with self._database.transaction():
            job = self.get(identifier)
            if not allowed(job):
                return None
            job = self.jobs.change(identifier, lambda document: document.update(changes))
            self.tell(identifier, message, level=level)
            return job

    def tell(
        self,
        job: str,
        message: str,
        *,
        level: Literal["info", "warn", "error"] = "info",
        about: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event.

        :param about: told once per job, however often the job is run.
        """
        self.events.add(
            {
                "id": new_identifier("ftevent-", None if about is None else f"{job} {about}"),
                "object": "fine_tuning.job.event",
                "created_at": now(),
                "level": level,
                "message": message,
                "type": "message" if data is None else "metrics",
                "data": dict(data or {}),
            },
            parent=job,
        )

    def tell_all(self, job: str, metrics: list[tuple[str, Mapping[str, Any]]]) -> None:
        """Add events with metrics of steps, all at once: a wait for the disk at each would be longer than the step."""
        with self._database.transaction():
            for message, data in metrics:
                self.tell(job, message, about=f"step {data['step']}", data=data)

    def add_checkpoint(self, job: str, step: int, model: str, metrics: Mapping[str, float]) -> None:
        """Add a checkpoint."""
        self.checkpoints.add(
            {
                "id": new_identifier("ftckpt_", f"{job} {step}"),
                "object": "fine_tuning.job.checkpoint",
                "created_at": now(),
                "fine_tuned_model_checkpoint": model,
                "fine_tuning_job_id": job,
                "metrics": {"step": step, **metrics},
                "step_number": step,
            },
            parent=job,
        )
