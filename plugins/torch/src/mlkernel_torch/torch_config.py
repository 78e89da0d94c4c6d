"""How a trainer uses torch: the part of its configuration that is the same for all of them. Imports no torch."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge, matches_re

from mlkernel import option


@frozen(kw_only=True)
class TorchConfig:
    """Nest it in a trainer's configuration as the field ``torch``."""

    device: str = option(
        "auto",
        help="Where to train: cpu, cuda, cuda:N, or auto, which takes the first CUDA device when there is one.",
        validator=matches_re(r"auto|cpu|cuda(:\d+)?"),
    )
    dtype: Literal["float32", "float64"] = option("float32", help="Type of parameters and data.")
    autocast: bool = option(False, help="Compute in bfloat16 where that is safe (torch.autocast).")
    threads: int = option(
        1,
        help="CPU threads of torch. Results are reproducible for the same number; small networks are fastest with 1.",
        validator=ge(1),
    )
    deterministic: bool = option(
        False,
        help="Allow deterministic algorithms only, and fail at an operation that has none. On the CPU a run is "
        "reproducible without it; on CUDA it is not.",
    )
    compile: Literal["auto", "always", "never"] = option(
        "auto",
        help="Compile functions with torch.compile; auto does where they are called often enough to repay it.",
    )
