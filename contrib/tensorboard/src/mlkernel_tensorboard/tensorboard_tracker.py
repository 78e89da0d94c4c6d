"""Event files, one for each run, as TensorBoard reads them."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from mlkernel import RunFacts, TrackedRecord, TrackedRun
from mlkernel_tensorboard.summaries import hyperparameters, table
from mlkernel_tensorboard.tensorboard_config import TensorboardConfig


class TensorboardTracker:
    """Writes the event file of one run, anew each time: it is a picture of ``metrics.jsonl``.

    Scalars are tagged ``train/loss``. Parameters and tags are text; the page *HParams* compares parameters, too.
    """

    rewrites: ClassVar[bool] = True

    def __init__(self, config: TensorboardConfig, run: TrackedRun, memory: Mapping[str, str] | None) -> None:
        """Begin the file, and remove those of earlier followers."""
        self._run = run
        self._folder = _folder(config, run, memory)
        self._folder.mkdir(parents=True, exist_ok=True)
        # Two studies of one name may share a folder: the key tells the files of this run.
        earlier = list(self._folder.glob(f"events.out.tfevents.*.{run.key}.mlkernel"))
        now = time.time()
        place = f"{socket.gethostname()}.{os.getpid()}.{now % 1:.6f}"
        name = f"events.out.tfevents.{int(now):010d}.{place}.{run.key}.mlkernel"
        self._writer = RecordWriter((self._folder / name).open("xb"))
        self._write(Event(wall_time=run.created, file_version="brain.Event:2"))
        # A TensorBoard that has read an earlier file forgets what it had from this step on, which is everything.
        self._write(Event(wall_time=run.created, step=0, session_log=SessionLog(status=SessionLog.START)))
        self._introduce()
        for path in earlier:
            path.unlink()

    @property
    def memory(self) -> Mapping[str, str]:
        """The folder of the event file."""
        return {"directory": str(self._folder)}

    def log(self, records: Sequence[TrackedRecord]) -> None:
        """Append one event for each record."""
        for record in records:
            values = [
                Summary.Value(tag=name, simple_value=value) for name, value in record.named_metrics().items()
            ]
            self._write(Event(wall_time=record.time, step=int(record.step), summary=Summary(value=values)))
        self._writer.flush()

    def describe(self, facts: RunFacts) -> None:
        """Append what became of the run as text."""
        lines = {
            "state": facts.state,
            **({"reason": facts.reason} if facts.reason else {}),
            **{name: f"{value:g}" for name, value in facts.results.items()},
            **facts.notes,
            **{f"{path} (changed)": value for path, value in facts.changes.items()},
            **{f"artifact {self._run.artifact_name(path)}": str(path) for path in facts.artifacts},
        }
        self._write(Event(wall_time=time.time(), step=facts.attempts, summary=table("run/status", lines)))
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()

    def _introduce(self) -> None:
        parameters = {name: _shown(value) for name, value in self._run.parameters.items()}
        values = {
            name: value if isinstance(value, str | int | float | bool) else _shown(value)
            for name, value in self._run.parameters.items()
        }
        for summary in (
            table("run/parameters", parameters),
            table("run/tags", self._run.tags),
            hyperparameters(values, self._run.created),
        ):
            self._write(Event(wall_time=self._run.created, step=0, summary=summary))
        self._writer.flush()

    def _write(self, event: Event) -> None:
        self._writer.write(event.SerializeToString())


def _folder(config: TensorboardConfig, run: TrackedRun, memory: Mapping[str, str] | None) -> Path:
    if config.directory is None:
        return run.directory / "tensorboard"  # whose place may be another one now
    if memory is not None:
        return Path(memory["directory"])
    group = [] if run.group is None else [run.group]
    return Path(config.directory, *group, run.name).absolute()


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
