from __future__ import annotations

import asyncio
import stat

import httpx2
import pytest
from plugins.locallm.tests.server.server_process import ServerProcess

from mlkernel import ConfigError, UsageError
from mlkernel_locallm.server.bearer_token import kept_token, token_from_environment
from mlkernel_locallm.server.http.access import Access
from mlkernel_locallm.server.http.answer import json_answer
from mlkernel_locallm.server.http.gate import Gate
from mlkernel_locallm.server.serve import LocalLmServer
from mlkernel_locallm.server.server_config import ServerConfig


async def anything(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await json_answer({})(scope, receive, send)


def call(app, method="GET", path="/v1/models", base_url="http://localhost:8000", **arguments):
    async def run():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=base_url) as client:
            return await client.request(method, path, **arguments)

    return asyncio.run(run())


GUARDED = Access(anything, token="right", hosts=["localhost", "127.0.0.1", "::1", "box.example"])
RIGHT = {"Authorization": "Bearer right"}


@pytest.mark.parametrize(
    ("base_url", "headers", "status"),
    [
        ("http://localhost:8000", RIGHT, 200),
        ("http://[::1]:8000", RIGHT, 200),
        ("http://BOX.example", RIGHT, 200),
        ("http://localhost:8000", {**RIGHT, "Origin": "http://localhost:3000"}, 200),
        ("http://localhost:8000", {}, 401),
        ("http://localhost:8000", {"Authorization": "Bearer wrong"}, 401),
        ("http://localhost:8000", {"Authorization": "Basic right"}, 401),
        ("http://evil.example:8000", RIGHT, 403),
        ("http://localhost.evil.example", RIGHT, 403),
        ("http://localhost:8000", {**RIGHT, "Origin": "http://evil.example"}, 403),
        ("http://localhost:8000", {**RIGHT, "Origin": "null"}, 403),
    ],
)
def test_only_who_knows_the_token_and_names_this_host_comes_in(base_url, headers, status):
    assert call(GUARDED, base_url=base_url, headers=headers).status_code == status


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_tells_its_length(server):
    async def chunks():
        for _ in range(9):
            yield b" " * (1 << 20)

    for content in (b" " * (9 << 20), chunks()):
        answer = call(server.app(), "POST", "/v1/chat/completions", content=content)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "request_too_large"


def test_one_request_too_many_is_told_to_come_back():
    async def run():
        doors = asyncio.Event()

        async def slow(scope, receive, send):
            await doors.wait()
            await anything(scope, receive, send)

        gate = Gate(slow, limit=2, largest=100, largest_file=100)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(gate), base_url="http://x") as client:
            inside = [asyncio.create_task(client.get("/")) for _ in range(2)]
            while gate._inside < 2:  # noqa: ASYNC110 - the gate tells nobody
                await asyncio.sleep(0)
            refused = await client.get("/")
            doors.set()
            assert [answer.status_code for answer in await asyncio.gather(*inside)] == [200, 200]
            assert (await client.get("/")).status_code == 200
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["type"] == "rate_limit_error"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nothing", 404), ("PUT", "/v1/models", 405)]
)
def test_what_is_not_there_is_told_as_openai_tells_it(server, method, path, status):
    answer = call(server.app(), method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_body_that_is_no_json_is_refused(server):
    for content in (b"{", b"[]", b"\xff"):
        assert call(server.app(), "POST", "/v1/chat/completions", content=content).status_code == 400


def test_a_token_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    token = kept_token(tmp_path)
    assert kept_token(tmp_path) == token
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    (tmp_path / "token").write_text("")
    assert kept_token(tmp_path) not in {"", token}


def test_a_chosen_token_must_be_there(monkeypatch):
    monkeypatch.setenv("LOCALLM_TOKEN", "word")
    assert token_from_environment("LOCALLM_TOKEN") == "word"
    monkeypatch.setenv("LOCALLM_TOKEN", "two words")
    with pytest.raises(ConfigError, match="LOCALLM_TOKEN"):
        token_from_environment("LOCALLM_TOKEN")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "box.example", "::"])
def test_an_address_that_others_reach_needs_a_chosen_token(host):
    with pytest.raises(ConfigError, match="token_env"):
        LocalLmServer(ServerConfig(host=host))


def test_the_announcement_tells_where_the_token_is_and_not_what_it_is(process: ServerProcess):
    assert f"OPENAI_API_KEY=\"$(cat '{process.folder / 'token'}')\"" in process.announcement
    assert process.token not in process.announcement


def test_one_server_to_a_folder(server):
    with pytest.raises(UsageError, match="another server works in"):
        LocalLmServer(ServerConfig(folder=server.service.folder)).app()


def test_a_port_that_is_taken_is_told(process: ServerProcess, tmp_path):
    port = int(process.base_url.rpartition(":")[2].split("/")[0])
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1 port {port}"):
        LocalLmServer(ServerConfig(folder=tmp_path, port=port)).serve()
