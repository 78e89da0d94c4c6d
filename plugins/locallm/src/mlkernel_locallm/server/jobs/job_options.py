"""A job's hyperparameters in the engine's words."""

from __future__ import annotations

from mlkernel_locallm.server.jobs.job_request import TUNING_METHODS
from mlkernel_locallm.server.store.resources import Document
from mlkernel_locallm.tuning.tuning_options import TuningOptions

_NAMES = {
    "n_epochs": "epochs",
    "batch_size": "batch_size",
    "beta": "beta",
    "nll_coefficient": "nll_coefficient",
}


def job_method(job: Document) -> str:
    """The engine's name of the method."""
    return TUNING_METHODS[job["method"]["type"]]


def job_options(job: Document) -> TuningOptions:
    """The engine's options.

    A multiplier of 1 is the rate that was found to learn; ``compute_multiplier`` scales the answers to each prompt.
    """
    kind = job["method"]["type"]
    given = job["method"][kind]["hyperparameters"]
    default = TuningOptions.for_method(TUNING_METHODS[kind])
    options = {_NAMES[name]: value for name, value in given.items() if name in _NAMES}
    options["learning_rate"] = default.learning_rate * given["learning_rate_multiplier"]
    if kind == "reinforcement":
        options["answers"] = max(2, round(default.answers * given["compute_multiplier"]))
    return TuningOptions.for_method(TUNING_METHODS[kind], {**options, "seed": job["seed"]})
