"""OpenAI's official client, made for the event loop that uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
from attrs import fields
from openai import AsyncOpenAI

from mlkernel import ConfigError, resolve
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.openai_config import OpenAIConfig
from mlkernel_text.backends.openai_errors import key_from

NO_KEY = "none"
"""Sent where a provider wants no key: the client insists on one."""


class OpenAIClient:
    """Gives the client of the running event loop; its connections cannot be used from another one.

    The key is read from the environment when a client is made, and kept nowhere else.

    :param context: its folder is for the files of a server in this process.
    :raises ConfigError: the environment variable that shall hold the key is not set, or there is no such server.
    """

    def __init__(self, config: OpenAIConfig, context: BackendContext) -> None:
        self._config = config
        self._option = f"{context.option}.api_key_env"
        self._server = None if config.in_process is None else _server(config.in_process, context.directory)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: AsyncOpenAI | None = None
        self._key()

    def __repr__(self) -> str:
        return f"OpenAIClient({self._config!r})"

    def __call__(self) -> AsyncOpenAI:
        """The client, whose own retries are off: it knows nothing of keys, budgets and limits."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop, self._client = loop, self._make()
        return self._client

    async def aclose(self) -> None:
        """Close the connections of the running loop, and what the server in this process holds."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.close()
        if self._server is not None and hasattr(self._server, "close"):
            await asyncio.to_thread(self._server.close)

    def _make(self) -> AsyncOpenAI:
        config = self._config
        arguments: dict[str, Any] = {}
        if config.base_url is not None:
            arguments["base_url"] = config.base_url
        if self._server is not None:
            transport = httpx2.ASGITransport(self._server.app(), raise_app_exceptions=False)
            arguments["http_client"] = httpx2.AsyncClient(transport=transport)
            arguments["base_url"] = "http://in-process/v1"
        return AsyncOpenAI(
            api_key=self._key(),
            organization=config.organization,
            project=config.project,
            default_headers=config.headers,
            timeout=config.timeout,
            max_retries=0,
            **arguments,
        )

    def _key(self) -> str:
        name = self._config.api_key_env
        key = key_from(name)
        if key:
            return key
        if name is None or self._server is not None:
            return NO_KEY
        raise ConfigError(
            f"the environment variable {name} is not set, and {self._option} says that it holds the provider's key",
            hint=f"export {name}=... before starting the run; for a provider without keys, {self._option}=none.",
        )


def _server(name: str, directory: Path) -> Any:
    """The server component, with its files among the run's, if it keeps any."""
    component = resolve("server", name)
    config_class, make = component.config_class(), component.factory()
    if config_class is None:
        return make()
    has_folder = "folder" in {field.name for field in fields(config_class)}
    return make(config_class(folder=directory / "server") if has_folder else config_class())
