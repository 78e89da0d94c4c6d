from __future__ import annotations

import os
from collections.abc import Iterator

import httpx2
import pytest
from openai import AsyncOpenAI
from plugins.locallm.tests.server.server_process import ServerProcess

from mlkernel_locallm.server.serve import LocalLmServer
from mlkernel_locallm.server.server_config import ServerConfig


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory) -> Iterator[None]:
    """Models that this machine's user made for other scenarios are none of the tests' business."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["XDG_CACHE_HOME"]
    if before is not None:
        os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[LocalLmServer]:
    """In this process, shared by the tests that leave nothing behind which others could stumble over."""
    server = LocalLmServer(ServerConfig(folder=tmp_path_factory.mktemp("server")))
    yield server
    server.close()


@pytest.fixture(scope="session")
def process(tmp_path_factory) -> Iterator[ServerProcess]:
    """In a process of its own, shared likewise."""
    process = ServerProcess(tmp_path_factory.mktemp("process"))
    yield process
    assert process.stop() == 0


@pytest.fixture
def http(server):
    """A plain HTTP client of the server in this process."""
    return lambda: httpx2.AsyncClient(
        transport=httpx2.ASGITransport(server.app()), base_url="http://local/v1"
    )


@pytest.fixture
def openai_client(server):
    """The official client of the server in this process."""
    return lambda: in_process_client(server)


def in_process_client(server: LocalLmServer) -> AsyncOpenAI:
    http_client = httpx2.AsyncClient(transport=httpx2.ASGITransport(server.app()))
    return AsyncOpenAI(
        api_key="none",
        base_url="http://local/v1",
        http_client=http_client,
        max_retries=0,
        _strict_response_validation=True,
    )
