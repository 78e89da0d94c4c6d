"""Tinker's interface over HTTP: calls that give a promise at once, and its result later."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2

from mlkernel import ConfigError
from mlkernel_text.backends.errors import ProviderError, ProviderErrorKind
from mlkernel_text.backends.openai_errors import (
    key_from,
    kind_of_status,
    malformed,
    provider_errors,
    retry_after_of,
    without_keys,
)
from mlkernel_text.backends.tinker_config import TinkerConfig

CLIENT_VERSION = "0.2.0"
"""Version of the interface in which training requests are JSON, told when a session begins."""
_PAUSE = 0.05


class TinkerClient:
    """Calls the service, one try a call.

    :raises ConfigError: the environment variable that shall hold the key is not set.
    """

    def __init__(self, config: TinkerConfig, label: str) -> None:
        self._config = config
        self._label = label
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http: httpx2.AsyncClient | None = None
        self._headers()

    async def session(self) -> str:
        """Begin a session, within which models are numbered."""
        body = {"tags": ["mlkernel"], "user_metadata": {"run": self._label}, "sdk_version": CLIENT_VERSION}
        answer = await self.call("create_session", body, "begin a session")
        return _text(answer, "session_id", "begin a session")

    async def result(self, path: str, body: dict[str, Any], doing: str) -> dict[str, Any]:
        """Ask for something that takes its time, and wait for it.

        :raises ProviderError: it failed; ``timeout`` when it is not there after ``result_seconds``.
        """
        promise = _text(await self.call(path, body, doing), "request_id", doing)
        end = time.monotonic() + self._config.result_seconds
        while time.monotonic() < end:
            answer = await self._look(promise, doing)
            if "error" in answer:
                is_ours = str(answer.get("category", "")).lower() == "user"
                kind: ProviderErrorKind = "bad_request" if is_ours else "server"
                raise ProviderError(f"cannot {doing}: {without_keys(str(answer['error']))}", kind=kind)
            if answer.get("type") != "try_again":
                return answer
            await asyncio.sleep(_PAUSE)
        raise ProviderError(f"cannot {doing}: no result in time", kind="timeout")

    async def _look(self, promise: str, doing: str) -> dict[str, Any]:
        """What has become of a promise; who looks too often looks again, since what was promised is being done."""
        try:
            return await self.call("retrieve_future", {"request_id": promise}, doing)
        except ProviderError as error:
            if error.kind != "rate_limit":
                raise
            await asyncio.sleep(error.retry_after or _PAUSE)
            return {"type": "try_again"}

    async def call(self, path: str, body: dict[str, Any], doing: str) -> dict[str, Any]:
        """POST *body* and return the answer, a JSON object."""
        with provider_errors(doing):
            answer = await self._client().post(f"/api/v1/{path}", json=body, headers=self._headers())
        if answer.status_code == 408:  # the service's word for a result that is not there yet
            return {"type": "try_again"}
        if answer.status_code >= 400:
            raise ProviderError(
                f"cannot {doing}: {answer.status_code} {without_keys(answer.text)}",
                kind=kind_of_status(answer.status_code),
                retry_after=retry_after_of(answer.headers),
            )
        with provider_errors(doing):
            content = answer.json()
        if not isinstance(content, dict):
            raise malformed(doing, "the answer is no object")
        return content

    async def aclose(self) -> None:
        """Close connections."""
        http, self._http = self._http, None
        if http is not None and self._loop is asyncio.get_running_loop():
            await http.aclose()

    def _client(self) -> httpx2.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._http is None or self._loop is not loop:
            config = self._config
            self._loop = loop
            self._http = httpx2.AsyncClient(base_url=config.base_url, timeout=config.timeout)
        return self._http

    def _headers(self) -> dict[str, str]:
        name = self._config.api_key_env
        if name is None:
            return {}
        key = key_from(name)
        if not key:
            raise ConfigError(
                f"the environment variable {name} is not set, and api_key_env says that it holds the service's key",
                hint=f"export {name}=... before starting the run; where no key is wanted, backend.api_key_env=none.",
            )
        return {"X-API-Key": key}


def _text(answer: dict[str, Any], field: str, doing: str) -> str:
    value = answer.get(field)
    if not isinstance(value, str):
        raise malformed(doing, f"the answer lacks {field}")
    return value
