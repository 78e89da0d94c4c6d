"""OpenAI's official client, made for the event loop that uses it."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx2
from openai import AsyncOpenAI

from mlkernel import ConfigError, resolve
from mlkernel_text.backends.openai_config import OpenAIConfig

NO_KEY = "none"
"""Sent where a provider wants no key: the client insists on one."""


class OpenAIClient:
    """Gives the client of the running event loop; its connections cannot be used from another one.

    The key is read from the environment when a client is made, and kept nowhere else.

    :raises ConfigError: the environment variable that shall hold the key is not set, or there is no such server.
    """

    def __init__(self, config: OpenAIConfig) -> None:
        self._config = config
        self._app = None if config.in_process is None else _in_process_app(config.in_process)
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
        """Close the connections of the running loop."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.close()

    def _make(self) -> AsyncOpenAI:
        config = self._config
        arguments: dict[str, Any] = {}
        if config.base_url is not None:
            arguments["base_url"] = config.base_url
        if self._app is not None:
            transport = httpx2.ASGITransport(self._app, raise_app_exceptions=False)
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
        key = None if name is None else os.environ.get(name)
        if key:
            return key
        if name is None or self._app is not None:
            return NO_KEY
        raise ConfigError(
            f"the environment variable {name} is not set, and api_key_env says that it holds the provider's key",
            hint=f"export {name}=... before starting the run, or set api_key_env for a provider without keys to none.",
        )


def _in_process_app(name: str) -> Any:
    component = resolve("server", name)
    config = component.config_class()
    factory = component.factory()
    return (factory() if config is None else factory(config())).app()
