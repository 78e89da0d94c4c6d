"""The rows of a training file."""

from __future__ import annotations

from typing import Any

from mlkernel_locallm.server.http.api_error import ApiError
from mlkernel_locallm.server.json_lines import read_line
from mlkernel_locallm.server.store.file_store import FileStore
from mlkernel_locallm.tuning.method import read_rows
from mlkernel_locallm.tuning.objective import RowError
from mlkernel_locallm.tuning.preference import Pair
from mlkernel_locallm.tuning.reinforcement import Task
from mlkernel_locallm.tuning.tuning_options import TuningOptions

MIN_ROWS = 10


class TrainingFileError(Exception):
    """A file that no job can learn from; the job fails with it.

    :param param: ``training_file`` or ``validation_file``.
    """

    def __init__(self, message: str, *, code: str, param: str) -> None:
        super().__init__(message)
        self.message, self.code, self.param = message, code, param


def training_rows(
    files: FileStore, identifier: str, param: str, *, method: str, options: TuningOptions, context: int
) -> list[dict[str, Any]]:
    """The rows of a file, each of them checked.

    :param method: the engine's name of the method.
    :param context: most tokens of a row.
    :raises TrainingFileError: naming the first line that cannot be used, or that there are too few.
    """
    numbers, rows = [], []
    for number, line in files.lines(identifier):
        try:
            rows.append(read_line(number, line))
        except ApiError as error:
            raise TrainingFileError(error.message, code="invalid_file_format", param=param) from None
        numbers.append(number)
    what = param.replace("_", " ").capitalize()
    if len(rows) < MIN_ROWS and param == "training_file":
        raise TrainingFileError(
            f"{what} has {len(rows)} example(s), but must have at least {MIN_ROWS} examples",
            code="invalid_n_examples",
            param=param,
        )
    try:
        encoded = read_rows(method, rows, options)
    except RowError as error:
        raise _line_error(what, numbers[error.row - 1], error.problem, param) from None
    for number, row in zip(numbers, encoded, strict=True):
        if (length := _length(row)) > context:
            problem = f"it has {length} tokens, and the model's context holds {context}"
            raise _line_error(what, number, problem, param)
    return rows


def _line_error(what: str, number: int, problem: str, param: str) -> TrainingFileError:
    return TrainingFileError(f"{what}, line {number}: {problem}", code="invalid_training_file", param=param)


def _length(row: Any) -> int:
    if isinstance(row, Pair):
        return len(row.prompt) + max(len(row.preferred), len(row.rejected))
    # An answer to a task has at least one token.
    return len(row.prompt) + 1 if isinstance(row, Task) else len(row[0].tokens)
