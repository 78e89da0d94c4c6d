"""Deployments of models, by Azure's management interface."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx2
from attrs import frozen

from mlkernel import ConfigError
from mlkernel_text.backends.azure_config import AzureConfig
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_errors import (
    key_from,
    kind_of_status,
    malformed,
    provider_errors,
    retry_after_of,
    without_keys,
)
from mlkernel_text.backends.openai_jobs import short_hash

DEPLOYMENT_PREFIX = "mlkernel-"
"""How names of deployments of tuned models begin."""
_WORKING = {"accepted", "creating", "moving", "updating", "scaling"}


@frozen
class Deployment:
    """A model that answers, or will, under the deployment's name."""

    name: str
    model: str
    state: str
    """Azure's provisioning state in lower case."""


class AzureDeployments:
    """Creates, looks up and deletes deployments; one call is one try.

    The token is read from the environment for each call. It lasts about an hour: when it has expired, the run ends, and
    goes on once it is resumed with a new one.

    :raises ConfigError: the environment variable that shall hold the token is not set.
    """

    def __init__(self, config: AzureConfig) -> None:
        self._config = config
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http: httpx2.AsyncClient | None = None
        self._token()

    async def find(self, name: str) -> Deployment | None:
        """The deployment *name*."""
        doing = f"ask for the deployment {name}"
        answer = await self._call("GET", name, doing)
        return None if answer.status_code == 404 else _read(answer, name, doing)

    async def create(self, model: str) -> Deployment:
        """Deploy *model* under the name that belongs to it; done twice it changes nothing."""
        name = deployment_name(model)
        config, doing = self._config, f"deploy {model}"
        body = {
            "sku": {"name": config.sku, "capacity": config.capacity},
            "properties": {"model": {"format": config.model_format, "name": model, "version": "1"}},
        }
        return _read(await self._call("PUT", name, doing, body), name, doing)

    async def delete(self, name: str) -> None:
        """Delete the deployment *name*, if there is one; its model stays."""
        await self._call("DELETE", name, f"delete the deployment {name}")

    async def aclose(self) -> None:
        """Close connections."""
        http, self._http = self._http, None
        if http is not None and self._loop is asyncio.get_running_loop():
            await http.aclose()

    async def _call(self, verb: str, name: str, doing: str, body: Any = None) -> httpx2.Response:
        config = self._config
        url = (
            f"{config.management_url}/subscriptions/{config.subscription}/resourceGroups/{config.resource_group}"
            f"/providers/Microsoft.CognitiveServices/accounts/{config.account}/deployments/{quote(name, safe='')}"
        )
        headers = {"Authorization": f"Bearer {self._token()}"}
        with provider_errors(doing):
            answer = await self._client().request(
                verb, url, params={"api-version": config.management_version}, headers=headers, json=body
            )
        if answer.status_code >= 400 and answer.status_code != 404:
            raise ProviderError(
                f"cannot {doing}: {answer.status_code} {without_keys(answer.text)}",
                kind=kind_of_status(answer.status_code),
                retry_after=retry_after_of(answer.headers),
                hint=f"Set {config.management_token_env} to a fresh token."
                if answer.status_code == 401
                else None,
            )
        return answer

    def _client(self) -> httpx2.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._http is None or self._loop is not loop:
            self._loop, self._http = loop, httpx2.AsyncClient(timeout=self._config.timeout)
        return self._http

    def _token(self) -> str:
        name = self._config.management_token_env
        token = key_from(name)
        if not token:
            raise ConfigError(
                f"the environment variable {name} is not set, and management_token_env says that it holds a token",
                hint=f"export {name}=$(az account get-access-token --query accessToken -o tsv)",
            )
        return token


def deployment_name(model: str) -> str:
    """The name under which *model* is deployed; the same each time."""
    return f"{DEPLOYMENT_PREFIX}{short_hash(model)}"


def is_ready(deployment: Deployment, again: float) -> bool:
    """Whether the deployment answers.

    :param again: seconds until it is worth looking again.
    :raises ProviderError: it never will; or not yet, with the time to wait.
    """
    if deployment.state in _WORKING:
        raise ProviderError(
            f"{deployment.model} is being deployed as {deployment.name}", kind="rate_limit", retry_after=again
        )
    if deployment.state != "succeeded":
        raise ProviderError(
            f"the deployment {deployment.name} of {deployment.model} has {deployment.state}",
            kind="bad_request",
        )
    return True


def _read(answer: httpx2.Response, name: str, doing: str) -> Deployment:
    try:
        properties = answer.json()["properties"]
        return Deployment(name, properties["model"]["name"], str(properties["provisioningState"]).lower())
    except (ValueError, KeyError, TypeError):
        raise malformed(doing, "the answer describes no deployment") from None
