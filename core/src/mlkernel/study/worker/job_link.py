"""One run without a driver to talk to: the order is a file, and so is everything that is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors, write_text
from mlkernel.records.json_lines import append_whole, complete_size
from mlkernel.study.worker.messages import Answer, Bye, Continue, Ended, Reported, TrainRun, decode, encode

JOB_FILE = "job.json"
REPORTS_FILE = "reports.jsonl"
END_FILE = "end.json"


class JobLink:
    """Gives the run of a job file, and keeps its messages beside it for the driver to collect.

    ``reports.jsonl`` is there when the run begins, and reports are appended to it; ``end.json`` is there when the run
    has ended. Every report is answered by going on: the run ends where its order says.

    :param job: the file with the order.
    """

    def __init__(self, job: Path) -> None:
        self._job = job
        self._directory = job.parent
        self.end: Ended | None = None
        """How the run ended."""

    def first(self) -> Answer:
        """The order.

        :raises UsageError: the file cannot be read, or holds none.
        """
        try:
            order = decode(self._job.read_bytes())
        except OSError as error:
            raise UsageError(f"the job {self._job} cannot be read: {error.strerror}") from error
        if not isinstance(order, TrainRun):
            raise UsageError(f"{self._job} holds no run, but a message {order.type!r}")
        (self._directory / END_FILE).unlink(missing_ok=True)
        return attrs.evolve(order, resume=order.resume or self._has_begun())

    def _has_begun(self) -> bool:
        """Whether this very job was started before, by a queue that starts again what was interrupted."""
        reports = self._directory / REPORTS_FILE
        has_begun = reports.exists()
        with storage_errors(reports), reports.open("ab") as file:
            file.truncate(complete_size(reports))  # half a line would be glued to the next one
        return has_begun

    def tell(self, report: Reported) -> None:
        """Keep the report."""
        self._append(report)

    def ask(self, message: Reported | Ended, unconfirmed: Sequence[Reported] = ()) -> Answer:
        """Keep the message; what was told is kept already."""
        del unconfirmed
        if isinstance(message, Reported):
            self.tell(message)
            return Continue()
        if message.report is not None:
            self._append(message.report)
        self.end = message
        write_text(self._directory / END_FILE, encode(attrs.evolve(message, report=None)).decode())
        return Bye()

    def _append(self, report: Reported) -> None:
        path = self._directory / REPORTS_FILE
        with storage_errors(path), path.open("ab", buffering=0) as file:
            append_whole(file, encode(report))
