"""An MCP backend over streamable HTTP: the SDK's own server, and servers that are none."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from mini_agent.interfaces import ToolBackendError

SECRET = "s3cret-value-of-a-header"


def test_the_sdks_own_server(run, remote, friendly_url):
    async def check():
        async with friendly_url() as url:
            backend = remote(url, (("Authorization", f"Bearer {SECRET}"), ("X-A", "1"), ("ACCEPT", "mine")))
            names = [one.name for one in await backend.definitions()]
            assert {"add", "shout_loud_er", "sleep"} <= set(names)
            assert (await backend.invoke("1", "add", {"a": 2, "b": 3}, 30.0)).content == "5.0"
            assert (await backend.invoke("2", "shout_loud_er", {"text": "a"}, 30.0)).content == "A"
            failing = await backend.invoke("3", "fail", {}, 30.0)
            assert (failing.ok, failing.error) == (False, "Error executing tool fail: this tool fails")

            raw = json.loads((await backend.invoke("4", "headers", {}, 30.0)).content)["raw"]
            sent = [name.lower() for name, _ in raw]
            assert len(sent) == len(set(sent))
            assert dict(raw)["authorization"] == f"Bearer {SECRET}"
            assert dict(raw)["accept"] == "application/json, text/event-stream"

            late = await backend.invoke("5", "sleep", {"seconds": 60}, 0.2)
            assert late.error == "the MCP server did not answer within 0.2 s"
            slept = await asyncio.gather(
                *(backend.invoke(str(n), "sleep", {"seconds": 0.3}, 30.0) for n in range(5))
            )
            assert [one.content for one in slept] == ["slept"] * 5
            await backend.aclose()

    run(check())


def test_a_cancelled_call_has_closed_its_connections_when_it_returns(in_time, remote, friendly_url):
    async def once() -> float:
        async with friendly_url() as url:
            backend = remote(url)
            await backend.definitions()
            calling = asyncio.create_task(backend.invoke("1", "sleep", {"seconds": 60}, 60.0))
            await asyncio.sleep(0.2)
            started = time.monotonic()
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            took = time.monotonic() - started
            with pytest.raises(ToolBackendError, match="ended when a call was cancelled"):
                await backend.invoke("2", "add", {"a": 1, "b": 1}, 30.0)
            await backend.aclose()
        return took

    assert in_time(once)


def test_a_server_that_goes_away_is_a_backend_error(run, remote, friendly_url):
    async def check():
        async with friendly_url() as url:
            backend = remote(url)
            await backend.definitions()
        with pytest.raises(ToolBackendError, match=f"^MCP server '{url}': "):
            await backend.invoke("1", "add", {"a": 1, "b": 2}, 30.0)
        with pytest.raises(ToolBackendError):
            await backend.definitions()
        await backend.aclose()

    run(check())


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"garbage\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", r"\(HTTP 500\)"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 24\r\n\r\ns3cret-value-of-a-header", r"\(HTTP 401\)"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", r"\(HTTP 404\)"),
        (
            b"HTTP/1.1 302 No\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
            "not followed",
        ),
        (b"HTTP/1.1 307 No\r\nLocation: http://localhost:1/mcp\r\nContent-Length: 0\r\n\r\n", "not followed"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", "content type"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\nhi", "parse JSON"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\nhi",
            "closed|without|peer",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: hi\n\n",
            "parse SSE|without a response",
        ),
        (b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n", "202"),
        (b"", "disconnected"),
    ],
)
def test_a_server_that_is_none_is_a_backend_error(run, remote, tool_server, raw, why):
    async def serve(request, reader, writer):
        writer.write(raw)
        await writer.drain()
        writer.close()

    async def check():
        async with tool_server(serve) as server:
            backend = remote(f"{server.url}/mcp", (("Authorization", f"Bearer {SECRET}"),), open_timeout=30.0)
            with pytest.raises(ToolBackendError, match=why) as refusal:
                await backend.definitions()
            await backend.aclose()
            for request in server.requests:
                assert request.named("authorization") == [f"authorization: Bearer {SECRET}"] or (
                    request.named("authorization") == [f"Authorization: Bearer {SECRET}"]
                )
        return str(refusal.value)

    said = run(check())
    assert said.isprintable()
    assert SECRET not in said


def test_a_server_that_hangs_is_left_in_time(run, remote, tool_server):
    async def hang(request, reader, writer):
        await reader.read()

    async def check():
        async with tool_server(hang) as server:
            backend = remote(f"{server.url}/mcp", open_timeout=0.3)
            started = time.monotonic()
            with pytest.raises(ToolBackendError, match=r"did not answer within 0\.3 s"):
                await backend.definitions()
            assert time.monotonic() - started < 10.0
            await backend.aclose()

    run(check())


def test_an_answer_without_end_is_not_read(run, remote, tool_server):
    async def flood(request, reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x" * 65536)
            await writer.drain()

    async def check():
        async with tool_server(flood) as server:
            backend = remote(f"{server.url}/mcp", max_bytes=100_000, open_timeout=30.0)
            with pytest.raises(ToolBackendError, match="too long"):
                await backend.definitions()
            await backend.aclose()

    run(check())


def test_a_server_that_is_not_there(run, remote):
    async def check():
        backend = remote("http://127.0.0.1:1/mcp")
        with pytest.raises(ToolBackendError):
            await backend.definitions()
        await backend.aclose()

    run(check())
