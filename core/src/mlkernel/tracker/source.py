"""What a run logged, as a follower reads it: in order, and again from anywhere."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import attrs
from attrs import frozen

from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import read_status
from mlkernel.tracker.tracked_run import describe_run, run_facts
from mlkernel.tracker.tracker import RunFacts, TrackedRecord, TrackedRun

_CHUNK = 1 << 20
_TAIL = 1 << 12


@frozen(kw_only=True)
class Position:
    """How far a run was delivered."""

    records: int = 0
    size: int = 0
    """Of the part of the file that holds them, in bytes."""
    checksum: int = 0
    """CRC-32 of that part."""


class TakenBackError(Exception):
    """What was read before is not there any more: a new attempt logs it again."""


class Source(Protocol):
    """One run that is followed."""

    def introduce(self, key: str) -> TrackedRun:
        """The run, as it is told to a tracker."""

    def facts(self) -> RunFacts:
        """How it stands now."""

    def attempts(self) -> int:
        """How often it was started; what is logged can only shrink some time after this has grown."""

    def read(self, position: Position, limit: int) -> tuple[list[TrackedRecord], Position]:
        """At most *limit* whole records after *position*, and the position behind them.

        :raises TakenBackError: what this object read up to *position* is not there any more.
        """

    def holds(self, position: Position) -> bool:
        """Whether everything before *position* is as it was when it was read."""

    def behind(self, records: int) -> Position | None:
        """The position after so many records; ``None`` while there are fewer."""


class RunSource:
    """A run directory.

    :param group: the study that it belongs to.
    :param tags: what tells it from the others of the study.
    """

    def __init__(
        self,
        path: Path,
        *,
        group: str | None = None,
        group_key: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._files = RunDirectory(path)
        self._group, self._group_key, self._tags = group, group_key, tags or {}
        self._created = 0.0
        self._end, self._tail = 0, b""
        """Where what was read last ends, and its last bytes: another attempt logs other times."""

    def introduce(self, key: str) -> TrackedRun:
        """Tell it from its plan."""
        run = describe_run(self._files, key, group=self._group, group_key=self._group_key)
        self._created = run.created
        return attrs.evolve(run, tags={**run.tags, **self._tags})

    def facts(self) -> RunFacts:
        """Tell it from its status."""
        return run_facts(self._files, read_status(self._files))

    def attempts(self) -> int:
        """Of its status."""
        return len(read_status(self._files).attempts)

    def read(self, position: Position, limit: int) -> tuple[list[TrackedRecord], Position]:
        """Of ``metrics.jsonl``; a line that is damaged counts, and is left out."""
        if not self._files.metrics.exists():
            return [], position
        known = self._tail if self._end == position.size else b""
        with self._files.metrics.open("rb") as file:
            file.seek(position.size - len(known))
            if file.read(len(known)) != known:
                raise TakenBackError
            lines = list(islice(file, limit))
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()
        found = [self._record(position.records + index, line) for index, line in enumerate(lines)]
        return [record for record in found if record is not None], self._behind(position, lines)

    def holds(self, position: Position) -> bool:
        """Compare the checksum of what lies before it."""
        if position.size == 0:
            return True
        if not self._files.metrics.exists():
            return False
        checksum, left, tail = 0, position.size, b""
        with self._files.metrics.open("rb") as file:
            while left and (chunk := file.read(min(left, _CHUNK))):
                checksum, left, tail = zlib.crc32(chunk, checksum), left - len(chunk), chunk[-_TAIL:]
        self._end, self._tail = position.size - left, tail
        return left == 0 and checksum == position.checksum

    def behind(self, records: int) -> Position | None:
        """Count lines from the beginning."""
        position = Position()
        if not self._files.metrics.exists():
            return position if records == 0 else None
        with self._files.metrics.open("rb") as file:
            while position.records < records:
                lines = list(islice(file, min(_CHUNK >> 8, records - position.records)))
                if not lines or not lines[-1].endswith(b"\n"):
                    return None
                position = self._behind(position, lines)
        return position

    def _behind(self, position: Position, lines: list[bytes]) -> Position:
        """The position behind *lines*, which stand after *position*."""
        content = b"".join(lines)
        if content:
            self._end, self._tail = position.size + len(content), content[-_TAIL:]
        return Position(
            records=position.records + len(lines),
            size=position.size + len(content),
            checksum=zlib.crc32(content, position.checksum),
        )

    def _record(self, number: int, line: bytes) -> TrackedRecord | None:
        try:
            values: dict[str, Any] = json.loads(line)
            return TrackedRecord(
                number=number,
                phase=values["phase"],
                step=values["iteration"],
                time=self._created + values["time"],
                metrics=_numbers(values["metrics"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def _numbers(metrics: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in metrics.items()}
