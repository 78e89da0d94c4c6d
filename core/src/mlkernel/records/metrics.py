"""``metrics.jsonl``: what a trainer logged, append-only, one record a line.

A line is ``{"phase": "train", "iteration": 3, "time": 12.31, "metrics": {"loss": 0.1}}``. Of two runs with one seed
only ``time`` may differ: seconds of training since the run's start, summed over its attempts.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from attrs import frozen

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.json_lines import complete_size, read_json_lines

if TYPE_CHECKING:
    from typing import Self

    import pandas

FLUSH_SECONDS = 0.5
"""How old an unwritten record may become; a checkpoint writes all of them first."""


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
    """Appends records; what is lost when the process dies is younger than the newest checkpoint."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: list[str] = []
        self._last_flush = time.monotonic()
        with storage_errors(path):
            self._file = path.open("ab")
            self.size = complete_size(path)
            """Bytes of the file once everything is flushed."""
            self._file.truncate(self.size)

    def append(self, phase: str, iteration: int, seconds: float, metrics: Mapping[str, float]) -> None:
        """Add a record.

        :raises TypeError: a value is no number.
        """
        line = json.dumps(
            {"phase": phase, "iteration": iteration, "time": round(seconds, 4), "metrics": metrics},
            default=_as_number,
        )
        self._pending.append(line)
        self.size += len(line) + 1
        if time.monotonic() - self._last_flush > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system, so that other processes see it."""
        self._last_flush = time.monotonic()
        if self._pending:
            text = "\n".join(self._pending) + "\n"
            with storage_errors(self._path):
                self._file.write(text.encode())
                self._file.flush()
            self._pending.clear()

    def sync(self) -> None:
        """Flush and wait for the disk."""
        self.flush()
        with storage_errors(self._path):
            os.fsync(self._file.fileno())

    def rewind(self, size: int) -> None:
        """Drop everything after the first *size* bytes, which a resumed trainer is about to log again."""
        with storage_errors(self._path):
            self._file.truncate(size)
        self.size = size

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()


def _as_number(value: object) -> float:
    """NumPy scalars and zero-dimensional tensors log as the numbers they are."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"a metric must be a number, not {type(value).__name__}: {value!r}")
    number = item()
    if not isinstance(number, int | float):
        raise TypeError(f"a metric must be a number, not {type(value).__name__}: {value!r}")
    return number


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

        :raises UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise UsageError(
                "metrics as a DataFrame need pandas", hint="pip install 'mlkernel[data]'"
            ) from None
        rows = [
            {"phase": record.phase, "iteration": record.iteration, "time": record.time, **record.metrics}
            for record in self._records
        ]
        return pandas.DataFrame(rows, columns=["phase", "iteration", "time", *self.names()])


def read_metrics(run: str | Path) -> Metrics:
    """Read what a run logged, while it runs or afterwards.

    :param run: the run directory or its ``metrics.jsonl``.
    """
    path = Path(run)
    if path.is_dir():
        path = path / "metrics.jsonl"
    return Metrics([MetricRecord(**line) for line in read_json_lines(path)])
