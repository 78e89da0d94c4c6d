"""Everything behind the routes, tied together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request

from mlkernel_locallm.server.batches.batches import Batches
from mlkernel_locallm.server.chat.completions import Completions
from mlkernel_locallm.server.chat.generation_queue import GenerationQueue
from mlkernel_locallm.server.graders.grading import Grading
from mlkernel_locallm.server.http.idempotency import Idempotency
from mlkernel_locallm.server.jobs.fine_tuning import FineTuning
from mlkernel_locallm.server.jobs.job_store import JobStore
from mlkernel_locallm.server.jobs.tuning_run import Workshop
from mlkernel_locallm.server.model_shelf import ModelShelf
from mlkernel_locallm.server.server_config import ServerConfig
from mlkernel_locallm.server.store import answered_keys, resources
from mlkernel_locallm.server.store.answered_keys import AnsweredKeys
from mlkernel_locallm.server.store.database import Database
from mlkernel_locallm.server.store.file_store import FileStore
from mlkernel_locallm.server.store.folder_lock import FolderLock


class Service:
    """The state of the server, in one folder, and the threads that work on it.

    :param bases: name → file of the base models.
    :raises UsageError: when another server works in the folder.
    """

    def __init__(self, config: ServerConfig, bases: Mapping[str, Path]) -> None:
        self.config = config
        self.folder = config.folder or default_folder()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FolderLock(self.folder)
        self._state = Database(self.folder / "state.sqlite", resources.SCHEMA, durable=True)
        self._answers = Database(self.folder / "answers.sqlite", answered_keys.SCHEMA, durable=False)
        self.idempotency = Idempotency(AnsweredKeys(self._answers, config.key_hours * 3600))
        self.files = FileStore(self._state, self.folder / "files")
        self.models = ModelShelf(self._state, self.folder / "models", bases)
        self._queue = GenerationQueue(self.models)
        self.completions = Completions(self.models, self._queue)
        self.grading = Grading(self.completions)
        workshop = Workshop(
            store=JobStore(self._state),
            files=self.files,
            models=self.models,
            grading=self.grading,
            folder=self.folder / "unfinished",
        )
        self.jobs = FineTuning(workshop)
        self.batches = Batches(self._state, self.files, self.completions)

    def close(self) -> None:
        """Interrupt what is under way, so that the next start goes on with it, and let go of the folder."""
        self.batches.close()
        self.jobs.close()
        self._queue.close()
        self._answers.close()
        self._state.close()
        self._lock.release()

    def user_of_file(self, identifier: str) -> str | None:
        """An unfinished job or batch that needs the file."""
        for job in self.jobs.store.unfinished():
            if identifier in {job["training_file"], job["validation_file"]}:
                return str(job["id"])
        return next(
            (batch["id"] for batch in self.batches.unfinished() if batch["input_file_id"] == identifier), None
        )

    def user_of_model(self, name: str) -> str | None:
        """An unfinished job that starts from the model."""
        return next((str(job["id"]) for job in self.jobs.store.unfinished() if job["model"] == name), None)


def service_of(request: Request) -> Service:
    """The service that a request is for."""
    service: Service = request.app.state.service
    return service


def default_folder() -> Path:
    """``mlkernel/locallm-server`` in the user's folder for state (``XDG_STATE_HOME``)."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "mlkernel" / "locallm-server"
