"""Where jobs are carried out: what a job needs of the models that it begins with and makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from mlkernel import UsageError
from mlkernel_locallm.backend.job_record import JobRecord
from mlkernel_locallm.backend.model_folder import ModelFolder
from mlkernel_locallm.tuning.method import read_rows
from mlkernel_locallm.tuning.objective import Row
from mlkernel_locallm.tuning.reinforcement import Grader
from mlkernel_locallm.tuning.tuning import Tuning, TuningStep
from mlkernel_locallm.tuning.tuning_options import TuningOptions


class OngoingTuning(Protocol):
    """A tuning on its way, see :class:`mlkernel_locallm.tuning.tuning.Tuning`."""

    total_steps: int
    steps_per_epoch: int
    trained_tokens: int

    def __iter__(self) -> Iterator[TuningStep]:
        """Take the steps that are left."""


class Workshop(Protocol):
    """Tunes models and keeps them by their names."""

    def check(self, record: JobRecord, rows: Sequence[Row]) -> None:
        """Refuse a job that cannot be carried out.

        :raises UsageError: for a method, options or rows that cannot be used.
        """

    def begin(self, record: JobRecord, rows: Sequence[Row]) -> OngoingTuning:
        """Begin a job from its start; called in a worker thread.

        :raises KernelError: when it cannot begin.
        """

    def save(self, name: str, tuning: Any, notes: Mapping[str, Any]) -> None:
        """Keep the model of *tuning* as it is now, in one piece."""

    def __contains__(self, name: str) -> bool:
        """Whether there is such a model."""

    def names(self, prefix: str) -> list[str]:
        """Models whose names begin with *prefix*."""

    def notes(self, name: str) -> dict[str, Any]:
        """What was kept with a model."""


class TransformerWorkshop:
    """The workshop of the embedded model."""

    def __init__(self, models: ModelFolder, device: str) -> None:
        self._models, self._device = models, device
        self.names, self.notes = models.names, models.notes

    def check(self, record: JobRecord, rows: Sequence[Row]) -> None:
        """See the protocol."""
        read_rows(record.method, rows, hyperparameters(record))
        _grader(record)

    def begin(self, record: JobRecord, rows: Sequence[Row]) -> Tuning:
        """See the protocol."""
        model, options = self._models.load(record.start), hyperparameters(record)
        return Tuning(model, rows, record.method, options, grader=_grader(record), device=self._device)

    def save(self, name: str, tuning: Tuning, notes: Mapping[str, Any]) -> None:
        """See the protocol."""
        self._models.save(name, tuning.model, notes)

    def __contains__(self, name: str) -> bool:
        """See the protocol."""
        return name in self._models


def hyperparameters(record: JobRecord) -> TuningOptions:
    """The options of a job, its grader aside.

    :raises UsageError: when they cannot be used.
    """
    given = {name: value for name, value in record.options.items() if name != "grader"}
    return TuningOptions.for_method(record.method, given)


def _grader(record: JobRecord) -> Grader | None:
    if record.method != "rft":
        return None
    if "grader" not in record.options:
        raise UsageError("a job of method rft needs a grader among its options")
    from mlkernel_locallm.backend.job_grader import make_grader  # imports much of the server

    return make_grader(record.options["grader"])
