"""The configuration of the server. Imports nothing heavy."""

from pathlib import Path

from attrs import frozen
from attrs.validators import and_, ge, gt, le

from mlkernel import option


@frozen(kw_only=True)
class ServerConfig:
    """Options of ``kernel serve locallm``."""

    host: str = option("127.0.0.1", help="Address to listen on; one that is not loopback needs token_env.")
    port: int = option(8000, help="Port to listen on; 0 takes a free one.", validator=and_(ge(0), le(65535)))
    folder: Path | None = option(
        None,
        help="Where files, jobs and models are kept; by default mlkernel/locallm-server in the user's state folder.",
    )
    token_env: str | None = option(
        None,
        help="Environment variable with the bearer token; without it one is made and kept in the folder.",
    )
    allowed_hosts: tuple[str, ...] = option(
        (), help="Names, besides localhost and the address itself, under which browsers and proxies may ask."
    )
    max_requests: int = option(
        512, help="Requests in progress at once; more are told to come back (429).", validator=ge(1)
    )
    max_request_mb: float = option(
        8.0, help="Largest body of a request, files aside, in MiB.", validator=gt(0)
    )
    max_file_mb: float = option(256.0, help="Largest file that is taken, in MiB.", validator=gt(0))
    key_hours: float = option(
        24.0, help="How long the answer to an Idempotency-Key is kept, in hours.", validator=gt(0)
    )
