"""Jobs as files, for a service that knows only steps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from attrs import asdict

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_text.backends.openai_jobs import short_hash


class TinkerJobs:
    """One JSON file a job, replaced at once; paths are relative, so that a run directory can be moved.

    :param directory: made when the first job is written.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def save(self, job: FineTuneJob, request: FineTuneRequest, state: str | None = None) -> None:
        """Write *job* down.

        :param state: where the service keeps the state from which training can go on.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        asked = asdict(request)
        for name in ("training_file", "validation_file"):
            asked[name] = asked[name] and os.path.relpath(asked[name], self._directory)
        path = self._path(job.key)
        aside = path.with_suffix(".tmp")
        aside.write_text(json.dumps({"job": asdict(job), "request": asked, "state": state}), encoding="utf-8")
        aside.replace(path)

    def find(self, key: str) -> FineTuneJob | None:
        """The job *key* as it was last written."""
        path = self._path(key)
        return FineTuneJob(**_read(path)["job"]) if path.exists() else None

    def request(self, key: str) -> FineTuneRequest:
        """What was asked for under *key*."""
        asked = _read(self._path(key))["request"]
        for name in ("training_file", "validation_file"):
            asked[name] = asked[name] and self._directory / asked[name]
        return FineTuneRequest(**asked)

    def state_of(self, model: str) -> str | None:
        """The state from which *model* is trained further; ``None`` for a base model."""
        for path in sorted(self._directory.glob("job-*.json")):
            record = _read(path)
            if record["job"]["model"] == model:
                state: str | None = record["state"]
                return state
        return None

    def _path(self, key: str) -> Path:
        return self._directory / f"job-{short_hash(key)}.json"


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record
