"""How episodes are sampled. Imports nothing heavy."""

from attrs import frozen
from attrs.validators import ge, le

from mlkernel import option


@frozen(kw_only=True)
class SamplingConfig:
    """What is the same for all agents."""

    episodes_in_flight: int = option(
        256, help="Episodes under way at once; requests in flight are limited per provider.", validator=ge(1)
    )
    invalid_retries: int = option(
        2, help="Further tries of an answer that breaks the rules of the game.", validator=ge(0)
    )
    max_bad_fraction: float = option(
        0.5,
        help="Largest part of the episodes that may be unusable before sampling fails.",
        validator=[ge(0), le(1)],
    )
    stop_grace: float = option(
        5.0, help="Seconds to wait for answers that are paid for when the run is stopped.", validator=ge(0)
    )
