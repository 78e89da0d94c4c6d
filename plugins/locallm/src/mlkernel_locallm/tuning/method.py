"""The methods of tuning by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlkernel import UsageError
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.tuning.objective import Objective, Row, RowError
from mlkernel_locallm.tuning.policy_gradient import PolicyGradient
from mlkernel_locallm.tuning.preference import Preference
from mlkernel_locallm.tuning.reinforcement import Grader, Reinforcement
from mlkernel_locallm.tuning.supervised import Supervised
from mlkernel_locallm.tuning.tuning_options import TuningOptions

_READERS: Mapping[str, Callable[[Row, TuningOptions], Any]] = {
    "sft": Supervised.read,
    "dpo": Preference.read,
    "grpo": PolicyGradient.read,
    "rft": Reinforcement.read,
}
METHODS = frozenset(_READERS)
"""Names of the methods."""


def read_rows(method: str, rows: Sequence[Row], options: TuningOptions) -> list[Any]:
    """Check and encode all rows; for a training file that shall be refused before a job begins.

    :raises RowError: for the first row that cannot be used.
    :raises UsageError: for an unknown method, or no rows.
    """
    if method not in _READERS:
        raise UsageError(
            f"there is no method of tuning {method!r}", hint=f"there are: {', '.join(sorted(METHODS))}"
        )
    if not rows:
        raise UsageError("there are no rows to tune on")
    encoded = []
    for number, row in enumerate(rows, 1):
        try:
            encoded.append(_READERS[method](row, options))
        except ValueError as error:
            raise RowError(number, str(error)) from error
    return encoded


def make_objective(
    method: str, rows: Sequence[Row], options: TuningOptions, reference: Transformer, grader: Grader | None
) -> Objective:
    """What *method* minimises.

    :param reference: the model that tuning begins with, on the device where it is tuned.
    """
    encoded = read_rows(method, rows, options)
    device = reference.embedding.device
    if method == "sft":
        return Supervised(encoded, device)
    if method == "dpo":
        return Preference(encoded, reference, options, device)
    if method == "grpo":
        return PolicyGradient(encoded, reference, options, device)
    if grader is None:
        raise UsageError("the method rft needs a grader")
    return Reinforcement(encoded, reference, options, device, grader)
