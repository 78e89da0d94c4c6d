"""How fast a provider is asked. Imports nothing heavy."""

from attrs import frozen
from attrs.validators import ge, gt, optional

from mlkernel import option


@frozen(kw_only=True)
class LimitsConfig:
    """Limits of one provider, shared by everything that asks it."""

    concurrency: int = option(64, help="Requests in flight at once.", validator=ge(1))
    requests_per_minute: float | None = option(
        None, help="Requests sent per minute; none: no limit.", validator=optional(gt(0))
    )
    tokens_per_minute: float | None = option(
        None, help="Tokens of prompts and answers per minute; none: no limit.", validator=optional(gt(0))
    )
    max_retries: int = option(
        8, help="Further tries of a request that failed by timeout, connection or server.", validator=ge(0)
    )
    max_rate_limit_retries: int = option(
        30, help="Further tries of a request that was asked too fast.", validator=ge(0)
    )
    timeout: float = option(120.0, help="Seconds until an answer is given up.", validator=gt(0))
    backoff: float = option(
        0.5, help="Seconds before the first further try; doubled each time.", validator=gt(0)
    )
    max_backoff: float = option(
        60.0, help="Most seconds between tries, unless the provider asks for more.", validator=gt(0)
    )
