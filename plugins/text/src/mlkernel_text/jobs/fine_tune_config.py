"""How fine-tune jobs are made and waited for. Imports nothing heavy."""

from typing import Any, Literal

from attrs import frozen
from attrs.validators import ge, gt, optional

from mlkernel import option


@frozen(kw_only=True)
class FineTuneConfig:
    """Hyperparameters of every job, and what is done about jobs that fail. None: the provider's own choice."""

    epochs: int | None = option(None, help="Passes over the training file.", validator=optional(ge(1)))
    learning_rate: float | None = option(
        None,
        help="Learning rate, or what it is multiplied by: in the unit that the back end takes.",
        validator=optional(gt(0)),
    )
    batch_size: int | None = option(None, help="Rows of an optimiser step.", validator=optional(ge(1)))
    beta: float | None = option(
        None,
        help="Of DPO: how dear it is to leave the model that training starts from.",
        validator=optional(gt(0)),
    )
    nll_coefficient: float | None = option(
        None,
        help="Of DPO: weight of the negative log-likelihood of preferred answers.",
        validator=optional(ge(0)),
    )
    kl_coefficient: float | None = option(
        None,
        help="Of policy gradients: weight of the distance to the sampling model.",
        validator=optional(ge(0)),
    )
    clip: float | None = option(
        None, help="Of policy gradients: how far a probability ratio counts.", validator=optional(gt(0))
    )
    provider_options: dict[str, Any] = option(
        factory=dict, help="Further fields of the provider's own request."
    )
    min_rows: int = option(10, help="A group with fewer training rows is not trained.", validator=ge(1))
    on_failure: Literal["raise", "retry", "keep-model"] = option(
        "retry",
        help="After a job failed or was cancelled: end the run, try a new job and then end it, or go on with the model"
        " as it was.",
    )
    max_attempts: int = option(
        3, help="Jobs that are created for one group and iteration at most.", validator=ge(1)
    )
    poll_seconds: float = option(
        0.1, help="Seconds before a job is looked at again; half as much is added each time.", validator=gt(0)
    )
    max_poll_seconds: float = option(60.0, help="Most seconds between two looks.", validator=gt(0))
    max_retries: int = option(
        10, help="Further tries to upload, create or deploy before the run ends, resumably.", validator=ge(0)
    )
    backoff: float = option(
        1.0, help="Seconds before a call that failed is tried again; doubled each time.", validator=gt(0)
    )
