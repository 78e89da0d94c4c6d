"""What ``POST /v1/fine_tuning/jobs`` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mlkernel_locallm.server.graders.grader_schema import check_grader
from mlkernel_locallm.server.http.api_error import invalid, unsupported
from mlkernel_locallm.server.http.fields import Fields
from mlkernel_locallm.server.http.metadata import read_metadata
from mlkernel_locallm.tuning.tuning_options import METHOD_DEFAULTS

MAX_SUFFIX = 64
_LARGEST_SEED = 2**31 - 1
TUNING_METHODS = {"supervised": "sft", "dpo": "dpo", "reinforcement": "rft"}
"""Name of a method in the interface → in the engine."""


@frozen(kw_only=True)
class Hyperparameter:
    """A number that a client may give, or leave to ``"auto"``."""

    auto: float
    low: float
    high: float
    whole: bool = False


def _shared(method: str) -> dict[str, Hyperparameter]:
    auto = METHOD_DEFAULTS[TUNING_METHODS[method]]
    return {
        "n_epochs": Hyperparameter(auto=auto["epochs"], low=1, high=1000, whole=True),
        "batch_size": Hyperparameter(auto=auto["batch_size"], low=1, high=4096, whole=True),
        "learning_rate_multiplier": Hyperparameter(auto=1.0, low=1e-6, high=1e6),
    }


HYPERPARAMETERS: Mapping[str, Mapping[str, Hyperparameter]] = {
    "supervised": _shared("supervised"),
    "dpo": {
        **_shared("dpo"),
        "beta": Hyperparameter(auto=0.1, low=1e-6, high=100.0),
        "nll_coefficient": Hyperparameter(auto=0.2, low=0.0, high=100.0),
    },
    "reinforcement": {
        **_shared("reinforcement"),
        "compute_multiplier": Hyperparameter(auto=1.0, low=0.25, high=16.0),
        "eval_interval": Hyperparameter(auto=5, low=1, high=100_000, whole=True),
        "eval_samples": Hyperparameter(auto=1, low=1, high=64, whole=True),
    },
}
"""``nll_coefficient`` is this server's own: the weight of the preferred answer's likelihood beside the preference."""


@frozen(kw_only=True)
class JobRequest:
    """A request that was found to make sense; whether its model and files exist is another question."""

    model: str
    training_file: str
    validation_file: str | None
    method: str
    hyperparameters: Mapping[str, float]
    """All of the method's, with ``"auto"`` resolved."""
    grader: Mapping[str, Any] | None
    suffix: str | None
    seed: int | None
    metadata: Mapping[str, str] | None


def read_job_request(body: Mapping[str, Any]) -> JobRequest:
    """Read the body of a request.

    :raises ApiError: 400 for what is missing, wrong, or not done by this server.
    """
    fields = Fields(body)
    if fields.get("integrations"):
        raise unsupported("integrations", "this server reports to nobody else; read the job's events")
    method, hyperparameters, grader = _read_method(fields)
    request = JobRequest(
        model=fields.text("model"),
        training_file=fields.text("training_file"),
        validation_file=fields.optional_text("validation_file"),
        method=method,
        hyperparameters=hyperparameters,
        grader=grader,
        suffix=fields.optional_text("suffix", longest=MAX_SUFFIX),
        seed=fields.integer("seed", None, low=0, high=_LARGEST_SEED),
        metadata=read_metadata(fields),
    )
    fields.finish()
    if method == "reinforcement" and request.validation_file is None:
        raise invalid("reinforcement fine-tuning needs a 'validation_file', too", "validation_file")
    return request


def _read_method(fields: Fields) -> tuple[str, dict[str, float], Mapping[str, Any] | None]:
    method, legacy = fields.inner("method"), fields.inner("hyperparameters")
    if method is None:
        return "supervised", _read_hyperparameters("supervised", legacy), None
    if legacy is not None:
        raise invalid("give 'hyperparameters' within 'method', not beside it", "hyperparameters")
    kind = method.choice("type", TUNING_METHODS)
    inner = method.inner(kind)
    method.finish()
    if inner is None:
        inner = Fields({}, method.path(kind))
    grader = None
    if kind == "reinforcement":
        grader = inner.require("grader")
        check_grader(grader, inner.path("grader"))
    hyperparameters = _read_hyperparameters(kind, inner.inner("hyperparameters"))
    inner.finish()
    return kind, hyperparameters, grader


def _read_hyperparameters(method: str, fields: Fields | None) -> dict[str, float]:
    fields = fields or Fields({})
    known = HYPERPARAMETERS[method]
    if method == "reinforcement" and fields.get("reasoning_effort") not in {None, "default"}:
        raise unsupported(fields.path("reasoning_effort"), "the model does not reason apart from its answers")
    values = {name: _read_hyperparameter(fields, name, known[name]) for name in known}
    fields.finish()
    return values


def _read_hyperparameter(fields: Fields, name: str, known: Hyperparameter) -> float:
    if fields.get(name) in {None, "auto"}:
        return int(known.auto) if known.whole else known.auto
    if known.whole:
        value = fields.integer(name, None, low=int(known.low), high=int(known.high))
        return int(known.auto) if value is None else value
    return fields.number(name, known.auto, low=known.low, high=known.high)
