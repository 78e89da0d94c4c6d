"""What is kept of a fine-tune job, as one JSON file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import asdict, frozen

from mlkernel import FineTuneJob
from mlkernel_locallm.model.weights import write_atomically

JobState = Literal["pending", "running", "succeeded", "failed", "cancelled"]


@frozen(kw_only=True)
class JobRecord:
    """A job: everything that decides its result, and how far it is."""

    key: str
    start: str
    """The model to begin with."""
    method: str
    options: Mapping[str, Any]
    training_file: str
    """Name in the folder of files."""
    state: JobState = "pending"
    message: str | None = None
    trained_tokens: int | None = None

    @property
    def identifier(self) -> str:
        """The job's own name; the same key has the same name."""
        return f"job-{_digest(self.key)}"

    @property
    def model(self) -> str:
        """The name of the result. The same work has the same name, whatever the attempt and the key."""
        work = [self.start, self.method, dict(self.options), self.training_file]
        return f"tuned-{_digest(json.dumps(work, sort_keys=True))}"

    @property
    def is_final(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in ("succeeded", "failed", "cancelled")

    def as_job(self, provider: str) -> FineTuneJob:
        """The job as the kernel sees it."""
        return FineTuneJob(
            key=self.key,
            provider=provider,
            identifier=self.identifier,
            state=self.state,
            model=self.model if self.state == "succeeded" else None,
            message=self.message,
            uploaded=self.training_file,
            trained_tokens=self.trained_tokens,
        )


class JobFolder:
    """Records of jobs, one file each, and what they told on their way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> JobRecord | None:
        """The job with this key."""
        path = self._folder / f"job-{_digest(key)}.json"
        return JobRecord(**json.loads(path.read_bytes())) if path.exists() else None

    def save(self, record: JobRecord) -> None:
        """Write a record in one piece."""
        write_atomically(self._folder / f"{record.identifier}.json", json.dumps(asdict(record)).encode())

    def tell(self, record: JobRecord, created_at: float, message: str, level: str = "info") -> None:
        """Append an event."""
        line = json.dumps({"created_at": created_at, "level": level, "message": message})
        with self._events_path(record.identifier).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def events(self, identifier: str) -> list[dict[str, Any]]:
        """The events of a job, oldest first, numbered from 1."""
        path = self._events_path(identifier)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [{"id": f"event-{number}", **json.loads(line)} for number, line in enumerate(lines, 1)]

    def _events_path(self, identifier: str) -> Path:
        return self._folder / f"{identifier}.events.jsonl"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
