"""Hyperparameters of a tuning. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from attrs import evolve, field, fields_dict, frozen
from attrs.validators import ge, gt, in_, optional

from mlkernel import UsageError


@frozen(kw_only=True)
class TuningOptions:
    """Hyperparameters; what a method does not use is ignored by it."""

    epochs: int = field(default=3, validator=ge(1))
    learning_rate: float = field(default=1e-3, validator=gt(0))
    """Of AdamW, absolute."""
    schedule: Literal["linear", "constant"] = field(default="linear", validator=in_(("linear", "constant")))
    """How the learning rate goes: a short rise and a straight fall to a tenth, or always the same."""
    batch_size: int = field(default=32, validator=ge(1))
    """Rows of one step."""
    beta: float = field(default=0.1, validator=gt(0))
    """Preferences: inverse temperature of DPO (Rafailov et al. 2023, eq. 7)."""
    nll_coefficient: float = field(default=0.2, validator=ge(0))
    """Preferences: weight of the preferred answer's negative log-likelihood per token."""
    clip: float = field(default=0.2, validator=gt(0))
    """Policy gradient: epsilon of the clipped surrogate (Schulman et al. 2017, eq. 7)."""
    kl_coefficient: float = field(default=0.0, validator=ge(0))
    """Policy gradient: weight of the divergence from the model that tuning began with."""
    answers: int = field(default=8, validator=ge(2))
    """Reinforcement with a grader: answers to each prompt, compared with each other."""
    temperature: float = field(default=1.0, validator=gt(0))
    """Reinforcement with a grader: at which answers are sampled."""
    max_tokens: int = field(default=64, validator=ge(1))
    """Reinforcement with a grader: longest answer."""
    seed: int = field(default=0, validator=ge(0))
    """Of the order of rows, and of sampled answers."""
    steps: int | None = field(default=None, validator=optional(ge(1)))
    """End after so many steps, whatever the epochs; for tests and trials."""

    @classmethod
    def for_method(cls, method: str, given: Mapping[str, Any] | None = None) -> Self:
        """The defaults that learn with *method*, changed by what is *given*.

        :param given: values of fields; ``None`` and ``"auto"`` mean the default.
        :raises UsageError: for an unknown option or a value that cannot be.
        """
        chosen = {
            name: value for name, value in (given or {}).items() if value is not None and value != "auto"
        }
        unknown = sorted(chosen.keys() - fields_dict(cls).keys())
        if unknown:
            known = ", ".join(fields_dict(cls))
            raise UsageError(f"unknown option of tuning: {', '.join(unknown)}", hint=f"there are: {known}")
        try:
            return evolve(cls(**METHOD_DEFAULTS.get(method, {})), **chosen)
        except (TypeError, ValueError) as error:
            raise UsageError(f"an option of tuning cannot be used: {error.args[0]}") from error


METHOD_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "sft": {"epochs": 3, "learning_rate": 1e-3, "batch_size": 32},
    "dpo": {"epochs": 3, "learning_rate": 5e-4, "batch_size": 16, "schedule": "constant"},
    "grpo": {"epochs": 1, "learning_rate": 1e-3, "batch_size": 128, "schedule": "constant"},
    "rft": {"epochs": 1, "learning_rate": 5e-4, "batch_size": 16, "schedule": "constant"},
}
"""Method → what was found to learn with the shipped weights."""
