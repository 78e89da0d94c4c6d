"""``metrics.jsonl``: what a trainer logged, append-only, one record a line.

A line is ``{"phase": "train", "iteration": 3, "time": 12.31, "metrics": {"loss": 0.1}}``. Of two runs with one seed
only ``time`` may differ: seconds of training since the run's start, summed over its attempts. Values that are not a
number are written as ``null``, infinities as ``1e999`` and ``-1e999``.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from attrs import frozen

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.json_lines import append_whole, complete_size, read_json_lines
from mlkernel.records.strict_json import strict_json

if TYPE_CHECKING:
    from typing import Self

    import pandas

FLUSH_SECONDS = 0.5
"""How old an unwritten record may become before the next one writes it; a checkpoint writes all of them first."""


@frozen
class MetricRecord:
    """The metrics of one iteration."""

    phase: str
    iteration: int
    """From 0."""
    time: float
    """Seconds of training since the run's start, over all attempts."""
    metrics: Mapping[str, float]


class MetricWriter:
    """Appends records, from any thread; what is lost when the process dies is younger than the newest checkpoint."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._pending: list[str] = []
        self._last_flush = time.monotonic()
        with storage_errors(path):
            self._file = path.open("ab", buffering=0)
            self.size = complete_size(path)
            """Bytes of the file once everything is flushed."""
            self._file.truncate(self.size)

    def append(self, phase: str, iteration: int, seconds: float, metrics: Mapping[str, float]) -> None:
        """Add a record."""
        line = strict_json(
            {"phase": phase, "iteration": iteration, "time": round(seconds, 4), "metrics": metrics}
        )
        with self._lock:
            self._pending.append(line)
            self.size += len(line) + 1
            if time.monotonic() - self._last_flush > FLUSH_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system, so that other processes see it."""
        with self._lock:
            if self._pending and not self._file.closed:
                text = "\n".join(self._pending) + "\n"
                with storage_errors(self._path):
                    append_whole(self._file, text.encode())
                self._pending.clear()
            self._last_flush = time.monotonic()

    def sync(self) -> None:
        """Flush and wait for the disk."""
        self.flush()
        with storage_errors(self._path):
            os.fsync(self._file.fileno())

    def rewind(self, size: int) -> None:
        """Drop everything after the first *size* bytes, which a resumed trainer is about to log again.

        :raises UsageError: the file is shorter, so that records which the checkpoint counts on are lost.
        """
        if size > self.size:
            raise UsageError(
                f"{self._path} has {self.size} bytes; when the checkpoint was made it had {size}",
                hint="Something else cut or removed it. Restore it from a backup, or start the run anew.",
            )
        with storage_errors(self._path):
            self._file.truncate(size)
        self.size = size

    def close(self) -> None:
        """Flush and close; nothing is written after it, by whatever thread."""
        with self._lock:
            try:
                self.flush()
            finally:
                self._pending.clear()
                self._file.close()


def as_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """*metrics* as the plain numbers they are: those of NumPy and zero-dimensional tensors are converted.

    :raises TypeError: a value is no number.
    """
    return {
        name: value if type(value) is float or type(value) is int else _as_number(name, value)
        for name, value in metrics.items()
    }


def _as_number(name: str, value: Any) -> float:
    try:
        number = value.item() if hasattr(value, "item") else value
    except (ValueError, RuntimeError):  # an array of several elements, as NumPy and torch say it
        number = None
    if not isinstance(number, int | float):
        raise TypeError(f"the metric {name!r} must be a number, not {type(value).__name__}: {value!r}")
    return int(number) if isinstance(number, int) else float(number)


class Metrics(Sequence[MetricRecord]):
    """The records of a run, in the order in which they were logged."""

    def __init__(self, records: Sequence[MetricRecord]) -> None:
        self._records = list(records)

    @overload
    def __getitem__(self, index: int) -> MetricRecord: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> MetricRecord | Self:
        """One record, or a part of them."""
        if isinstance(index, slice):
            return type(self)(self._records[index])
        return self._records[index]

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._records)

    def __iter__(self) -> Iterator[MetricRecord]:
        """The records in order."""
        return iter(self._records)

    def names(self) -> list[str]:
        """Names of all metrics, in the order of their first appearance."""
        return list(dict.fromkeys(name for record in self._records for name in record.metrics))

    def series(self, name: str, phase: str | None = None) -> list[tuple[int, float]]:
        """Pairs of iteration and value of one metric.

        :param phase: only of this phase.
        """
        return [
            (record.iteration, record.metrics[name])
            for record in self._records
            if name in record.metrics and phase in (None, record.phase)
        ]

    def to_dataframe(self) -> pandas.DataFrame:
        """A row for each record: columns ``phase``, ``iteration``, ``time`` and one for each metric.

        A metric that has the name of one of the first three columns becomes ``metrics.NAME``.

        :raises UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise UsageError(
                "metrics as a DataFrame need pandas", hint="pip install 'mlkernel[data]'"
            ) from None
        own = ["phase", "iteration", "time"]
        columns = {name: f"metrics.{name}" if name in own else name for name in self.names()}
        rows = [
            {
                **{name: getattr(record, name) for name in own},
                **{columns[name]: value for name, value in record.metrics.items()},
            }
            for record in self._records
        ]
        return pandas.DataFrame(rows, columns=[*own, *columns.values()])


def read_metrics(run: str | Path) -> Metrics:
    """Read what a run logged, while it runs or afterwards.

    :param run: the run directory or its ``metrics.jsonl``.
    """
    path = Path(run)
    if path.is_dir():
        path = path / "metrics.jsonl"
    return Metrics([_record(line) for line in read_json_lines(path)])


def _record(line: dict[str, Any]) -> MetricRecord:
    metrics: dict[str, float | None] = line["metrics"]
    numbers = {name: math.nan if value is None else value for name, value in metrics.items()}
    return MetricRecord(**{**line, "metrics": numbers})
