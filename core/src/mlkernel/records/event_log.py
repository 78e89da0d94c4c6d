"""``events.jsonl`` for machines and coloured lines for people, from one structlog logger."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.json_lines import append_whole, complete_size
from mlkernel.records.redaction import Redactor

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger


class EventLog:
    """Owns the open ``events.jsonl`` of an attempt and the logger that writes to it.

    :param path: the file; events are appended.
    :param console_level: the lowest level that people see on standard error, such as ``"info"``.
    """

    def __init__(self, path: Path, *, console_level: str = "info") -> None:
        self._path = path
        self._redactor = Redactor()
        self._console_level = getattr(logging, console_level.upper())
        self._console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
        with storage_errors(path):
            self._file = path.open("ab", buffering=0)
            self._file.truncate(complete_size(path))
        self.logger: FilteringBoundLogger = structlog.wrap_logger(
            None,
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                self._redact,
                self._write,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        )

    def close(self) -> None:
        """Close the file; later events are shown but not kept."""
        self._file.close()

    def _redact(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if event.get("exc_info"):
            event = structlog.processors.format_exc_info(_logger, _method, event)
        redacted: dict[str, Any] = self._redactor.value(event)
        return redacted

    def _write(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if not self._file.closed:
            with storage_errors(self._path):
                append_whole(self._file, json.dumps(event).encode() + b"\n")
        if getattr(logging, event["level"].upper()) >= self._console_level:
            shown = {**event, "timestamp": event["timestamp"][11:19]}
            with suppress(OSError, ValueError):  # nobody reads standard error any more: that ends no training
                # Looked up now, not at the start: a live progress bar replaces the stream while it is shown.
                sys.stderr.write(f"{self._console(logger, method, shown)}\n")
        raise structlog.DropEvent
