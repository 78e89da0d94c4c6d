"""The configuration of the embedded back end. Imports no torch."""

from attrs import frozen
from attrs.validators import ge, matches_re

from mlkernel import option


@frozen(kw_only=True)
class LocalLmConfig:
    """The defaults suit two cores."""

    model: str | None = option(
        None, help="A model file to begin with; by default the one shipped or made for the scenario."
    )
    device: str = option(
        "cpu",
        help="Where to compute: cpu, cuda or cuda:N. The model is so small that a GPU pays in large batches only.",
        validator=matches_re(r"cpu|cuda(:\d+)?"),
    )
    threads: int = option(
        1,
        help="CPU threads of each worker. Results are reproducible for the same number.",
        validator=ge(1),
    )
    tuning_workers: int = option(2, help="Fine-tune jobs that run at the same time.", validator=ge(1))
    step_checkpoints: int = option(
        0, help="Save a model that answers after every so many steps of a job; 0 saves none.", validator=ge(0)
    )
    cache: str | None = option(
        None, help="Folder of base models; by default mlkernel/locallm in the user's folder for caches."
    )
