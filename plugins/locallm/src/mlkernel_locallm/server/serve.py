"""The component ``locallm`` of the kind ``server``."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from mlkernel import ConfigError
from mlkernel_locallm.pretraining.base_models import base_model, cache_folder, model_name
from mlkernel_locallm.server.application import make_application
from mlkernel_locallm.server.bearer_token import NAME, kept_token, token_from_environment
from mlkernel_locallm.server.http.access import LOOPBACK_NAMES, Access
from mlkernel_locallm.server.listening import address_of, listening_socket, signals_end_quietly
from mlkernel_locallm.server.server_config import ServerConfig
from mlkernel_locallm.server.service import Service


class LocalLmServer:
    """The OpenAI interface of the embedded model.

    In process, without a socket::

        app = LocalLmServer(ServerConfig(folder=folder)).app()
        transport = httpx2.ASGITransport(app)
        client = AsyncOpenAI(
            api_key="none", base_url="http://local/v1", http_client=httpx2.AsyncClient(transport=transport)
        )

    :raises ConfigError: for a host that others can reach, without ``token_env``.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        if config.token_env is None and not _is_loopback(config.host):
            raise ConfigError(
                f"host={config.host} can be reached from other machines, and no token was chosen for it",
                hint="name an environment variable that holds one: token_env=LOCALLM_TOKEN",
            )

    @cached_property
    def service(self) -> Service:
        """The state and its threads, made when they are first needed."""
        service = Service(self.config, base_models())
        atexit.register(service.close)
        return service

    def app(self) -> ASGIApp:
        """The application for use within this process: it asks nobody for a token, since nobody else can reach it."""
        return make_application(self.service)

    def close(self) -> None:
        """End the threads and let go of the folder; what was under way goes on at the next start."""
        if "service" in self.__dict__:
            atexit.unregister(self.service.close)
            self.service.close()
            del self.service

    def serve(self) -> None:
        """Listen until SIGTERM or SIGINT.

        :raises UsageError: when the address cannot be had.
        """
        try:
            service = self.service
            token = self._token(service.folder)
            hosts = LOOPBACK_NAMES | {self.config.host, *self.config.allowed_hosts}
            app = Access(self.app(), token=token, hosts=hosts)
            settings = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
            with listening_socket(self.config.host, self.config.port) as listener, signals_end_quietly():
                self._announce(address_of(listener), service.folder)
                uvicorn.Server(settings).run(sockets=[listener])
        finally:
            self.close()

    def _token(self, folder: Path) -> str:
        return (
            kept_token(folder)
            if self.config.token_env is None
            else token_from_environment(self.config.token_env)
        )

    def _announce(self, address: str, folder: Path) -> None:
        """Tell how clients find the server, and where a shell reads the token; never the token itself."""
        token = f"$(cat '{folder / NAME}')" if self.config.token_env is None else f"${self.config.token_env}"
        sys.stdout.write(
            f"serving locallm on http://{address}/v1 until Ctrl-C; for clients:\n"
            f"  export OPENAI_BASE_URL=http://{address}/v1\n"
            f'  export OPENAI_API_KEY="{token}"\n'
        )
        sys.stdout.flush()


def base_models() -> Mapping[str, Path]:
    """Name → file of the shipped model, and of those that were made on this machine for other scenarios."""
    shipped = base_model(None)
    made = {model_name(path.stem): path for path in sorted(cache_folder().glob("*.safetensors"))}
    return {shipped.name: shipped.path, **made}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_NAMES
