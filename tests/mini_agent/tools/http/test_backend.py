"""An HTTP backend against real servers, friendly and hostile. What was sent is proved on the bytes that arrived."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time

import pytest

from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http import exchange
from mini_agent.tools.http.retry import RetryRule

SECRET = "s3cret-value-of-a-header"
QUICK = RetryRule(first=0.01)


def call(run, tool_server, http_backend, *script, timeout=20.0, headers=(), **rules):
    """One call of `add`: its outcome, and the server with what it received."""

    async def check():
        async with tool_server(*script) as server:
            backend = http_backend(server.url, headers=headers, **rules)
            outcome = await backend.invoke("call-1", "add", {"a": 1}, timeout)
            await backend.aclose()
            await asyncio.sleep(0)
        return outcome, server

    return run(check())


def test_a_call_is_posted_once_with_name_and_arguments(run, tool_server, http_backend):
    outcome, server = call(run, tool_server, http_backend)
    assert outcome.ok
    assert outcome.content == '{"ok": true}'
    assert outcome.error == ""
    assert outcome.ms > 0
    (request,) = server.requests
    assert request.target == "POST /invoke HTTP/1.1"
    assert request.body == {"name": "add", "arguments": {"a": 1}}


def test_every_line_of_a_request_is_there_once(run, tool_server, http_backend):
    headers = (("X-A", "1"), ("accept", "text/x"), ("USER-AGENT", "me"), ("content-type", "application/x"))
    _, server = call(run, tool_server, http_backend, headers=headers)
    (request,) = server.requests
    names = [line.partition(":")[0].lower() for line in request.lines[1:]]
    assert len(names) == len(set(names))
    assert set(names) == {
        *("host", "x-a", "accept", "user-agent", "content-type", "accept-encoding", "content-length")
    }
    assert request.named("accept") == ["accept: text/x"]
    assert request.named("user-agent") == ["USER-AGENT: me"]
    assert request.named("content-type") == ["content-type: application/x"]


def test_cookies_of_an_answer_are_not_sent_back(run, tool_server, http_backend, answer):
    async def check():
        async with tool_server(answer(200, "{}", "Set-Cookie: a=b; Path=/")) as server:
            backend = http_backend(server.url)
            await backend.invoke("1", "add", {}, 20.0)
            await backend.invoke("2", "add", {}, 20.0)
            await backend.aclose()
        assert [request.named("cookie") for request in server.requests] == [[], []]
        assert server.connections == 1

    run(check())


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("just words", "just words"),
        ("", ""),
        ('"a string"', "a string"),
        ("[1, 2.5, 12345678901234567890]", "[1, 2.5, 12345678901234567890]"),
        ('{"a": {"b": [null, true]}}', '{"a": {"b": [null, true]}}'),
        ("{not json", "{not json"),
        ("NaN", "NaN"),
    ],
)
def test_what_comes_back_survives(run, tool_server, http_backend, answer, body, content):
    outcome, _ = call(run, tool_server, http_backend, answer(200, body))
    assert outcome.ok
    assert outcome.content == content


def test_arguments_that_are_no_json_are_not_sent(run, tool_server, http_backend):
    async def check():
        async with tool_server() as server:
            backend = http_backend(server.url)
            for arguments in ({"a": float("nan")}, {"a": object()}, {"a": {1, 2}}):
                outcome = await backend.invoke("1", "add", arguments, 20.0)
                assert outcome.error == "the arguments cannot be written as JSON"
            await backend.aclose()
        assert server.requests == []

    run(check())


@pytest.mark.parametrize("status", [429, 503])
def test_busy_is_asked_again_and_counted_with_every_header_once(
    run, tool_server, http_backend, answer, status
):
    busy = answer(status, "later", "Retry-After: 0")
    outcome, server = call(
        run, tool_server, http_backend, busy, busy, answer(200, "{}"), headers=(("X-A", "1"),)
    )
    assert outcome.ok
    assert outcome.retries == 2
    assert len(server.requests) == 3
    assert len({request.raw for request in server.requests}) == 1
    assert server.requests[2].named("x-a") == ["X-A: 1"]


def test_a_wait_asked_for_is_kept(run, tool_server, http_backend, answer):
    started = time.monotonic()
    outcome, _ = call(run, tool_server, http_backend, answer(429, "", "Retry-After: 1"), answer(200))
    assert outcome.ok
    assert time.monotonic() - started >= 1.0


def test_a_storm_ends_at_the_cap(run, tool_server, http_backend, answer):
    outcome, server = call(run, tool_server, http_backend, answer(429, "busy " * 100), retry=QUICK)
    assert outcome.error == f"HTTP 429: {('busy ' * 100)[:256]}"
    assert outcome.retries == 4
    assert len(server.requests) == 5


def test_a_wait_that_does_not_fit_is_not_begun(run, tool_server, http_backend, answer):
    started = time.monotonic()
    outcome, server = call(run, tool_server, http_backend, answer(503, "down", "Retry-After: 3600"))
    assert outcome.error == "HTTP 503: down"
    assert len(server.requests) == 1
    assert time.monotonic() - started < 10.0


@pytest.mark.parametrize("status", [400, 401, 404, 408, 500, 502, 504])
def test_an_error_has_its_status_and_is_posted_once(run, tool_server, http_backend, answer, status):
    body = f"token {SECRET} refused: {'x' * 500}"
    outcome, server = call(run, tool_server, http_backend, answer(status, body), headers=(("X-T", SECRET),))
    assert outcome.error == f"HTTP {status}: " + f"token [redacted] refused: {'x' * 500}"[:256]
    assert outcome.content == outcome.error
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_redirect_is_followed(run, tool_server, http_backend, answer, status, method):
    async def check():
        async with tool_server() as other:
            location = f"Location: http://user:{SECRET}@127.0.0.1:{other.port}/stolen?{SECRET}"
            async with tool_server(answer(status, "", location)) as server:
                backend = http_backend(server.url, headers=(("Authorization", "Bearer abcdefgh"),))
                if method == "POST":
                    said = (await backend.invoke("1", "add", {}, 20.0)).error
                else:
                    with pytest.raises(ToolBackendError) as refusal:
                        await backend.definitions()
                    said = str(refusal.value)
                await backend.aclose()
        assert f"HTTP {status}: a redirect to http://127.0.0.1:{other.port}, which is not followed" in said
        assert SECRET not in said
        assert len(server.requests) == 1
        assert other.connections == 0

    run(check())


@pytest.mark.parametrize("location", ["http://[::1", "\x01", "//", "data:x", "http://h:99999999/"])
def test_a_location_that_is_no_url(run, tool_server, http_backend, answer, location):
    outcome, server = call(run, tool_server, http_backend, answer(302, "", f"Location: {location}"))
    assert not outcome.ok
    assert outcome.error.isprintable()
    assert len(server.requests) == 1


def writing(*parts: bytes, pause: float = 0.0, close: bool = True):
    """A server that sends these parts, whatever they are, then closes, or waits until the client has closed."""

    async def handler(request, reader, writer):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if close:
            writer.close()
        else:
            await reader.read()

    return handler


BROKEN = [
    b"",
    b"\x00\xff garbage",
    b"HTTP/1.1 200",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshorty",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nplain",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
]


@pytest.mark.parametrize("raw", BROKEN)
def test_garbage_is_an_outcome_and_is_posted_once(run, tool_server, http_backend, raw):
    outcome, server = call(run, tool_server, http_backend, writing(raw), headers=(("X-T", SECRET),))
    assert not outcome.ok
    assert outcome.error
    assert outcome.error.isprintable()
    assert len(outcome.error) < 1000
    assert SECRET not in outcome.error
    assert len(server.requests) == 1


@pytest.mark.parametrize("raw", BROKEN)
def test_garbage_for_a_list_is_a_backend_error(run, tool_server, http_backend, raw):
    async def check():
        async with tool_server(writing(raw)) as server:
            backend = http_backend(server.url)
            with pytest.raises(ToolBackendError, match=f"^tool server {server.url}/: "):
                await backend.definitions()
            await backend.aclose()
        assert len(server.requests) == 1

    run(check())


def test_more_than_was_announced_is_not_read(run, tool_server, http_backend):
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\nsmuggled"
    outcome, _ = call(run, tool_server, http_backend, writing(raw))
    assert outcome.content == "{}"


def test_a_connection_that_closes_without_length_is_a_whole_answer(run, tool_server, http_backend):
    outcome, _ = call(run, tool_server, http_backend, writing(b"HTTP/1.0 200 OK\r\n\r\nwords"))
    assert outcome.ok
    assert outcome.content == "words"


def half_closing(*, reply_first: bytes = b""):
    async def handler(request, reader, writer):
        writer.write(reply_first)
        writer.write_eof()
        await asyncio.sleep(0.2)

    return handler


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal"])
def test_a_server_that_half_closes_gets_one_post(run, tool_server, http_backend, first):
    outcome, server = call(run, tool_server, http_backend, half_closing(reply_first=first))
    assert outcome.error.startswith("the tool server broke off: ")
    assert len(server.requests) == 1
    assert server.connections == 1


def test_a_reset_connection_gets_one_post(run, tool_server, http_backend):
    async def handler(request, reader, writer):
        writer.transport.abort()

    outcome, server = call(run, tool_server, http_backend, handler)
    assert not outcome.ok
    assert len(server.requests) == 1
    assert server.connections == 1


def test_a_server_that_hangs_is_left_at_the_timeout_after_one_post(run, tool_server, http_backend):
    started = time.monotonic()
    outcome, server = call(run, tool_server, http_backend, writing(close=False), timeout=0.3)
    assert outcome.error == "the tool server did not answer within 0.3 s"
    assert 0.3 <= time.monotonic() - started < 10.0
    assert len(server.requests) == 1


def test_a_slow_dribble_is_left_at_the_timeout(run, tool_server, http_backend):
    parts = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1000]
    outcome, _ = call(run, tool_server, http_backend, writing(*parts, pause=0.02), timeout=0.3)
    assert outcome.error == "the tool server did not answer within 0.3 s"


def test_informational_answers_without_end_are_left_at_the_timeout(run, tool_server, http_backend):
    parts = [b"HTTP/1.1 100 Continue\r\n\r\n"] * 1000
    outcome, _ = call(run, tool_server, http_backend, writing(*parts, pause=0.001), timeout=0.3)
    assert not outcome.ok


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 100000000", b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked"],
)
def test_a_huge_body_is_not_read(run, tool_server, http_backend, head):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    raw = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n"
    outcome, _ = call(run, tool_server, http_backend, writing(raw, *[chunk] * 40), max_bytes=100_000)
    assert outcome.error == "the answer is longer than 100000 bytes"


def test_a_bomb_is_not_unpacked(run, tool_server, http_backend, answer):
    packed = gzip.compress(bytes(50_000_000))
    outcome, _ = call(run, tool_server, http_backend, answer(200, packed, "Content-Encoding: gzip"))
    assert outcome.error == "the answer is longer than 1048576 bytes"


def test_a_huge_error_is_cut(run, tool_server, http_backend):
    raw = b"HTTP/1.1 500 No\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 500_000
    outcome, _ = call(run, tool_server, http_backend, writing(raw, close=False))
    assert outcome.error == "HTTP 500: " + "x" * 256


def test_a_server_that_is_not_there(run, http_backend):
    async def check():
        backend = http_backend("http://127.0.0.1:1")
        outcome = await backend.invoke("1", "add", {}, 20.0)
        with pytest.raises(ToolBackendError, match="no connection to the tool server"):
            await backend.definitions()
        await backend.aclose()
        return outcome

    assert run(check()).error.startswith("no connection to the tool server: ")


@pytest.mark.parametrize("moment", ["hanging", "waiting to retry", "reading"])
def test_a_cancelled_call_has_closed_its_connection_when_it_returns(
    in_time, tool_server, http_backend, answer, moment
):
    script = {
        "hanging": writing(close=False),
        "waiting to retry": answer(429, "", "Retry-After: 20"),
        "reading": writing(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", close=False),
    }[moment]

    async def once() -> float:
        async with tool_server(script) as server:
            backend = http_backend(server.url)
            running = asyncio.create_task(backend.invoke("1", "add", {}, 25.0))
            while not server.requests:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            started = time.monotonic()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await backend.aclose()
            took = time.monotonic() - started
        assert len(server.requests) == 1
        return took

    assert in_time(once)


def test_many_calls_at_once_are_each_posted_once(run, tool_server, http_backend):
    async def echo(request, reader, writer):
        body = request.raw.partition(b"\r\n\r\n")[2]
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async def check():
        async with tool_server(echo) as server:
            backend = http_backend(server.url)
            outcomes = await asyncio.gather(
                *(backend.invoke(str(number), "add", {"n": number}, 5.0) for number in range(40))
            )
            await backend.aclose()
        assert [json.loads(one.content)["arguments"]["n"] for one in outcomes] == list(range(40))
        assert sorted(request.body["arguments"]["n"] for request in server.requests) == list(range(40))

    run(check())


def test_no_value_is_logged(run, tool_server, http_backend, answer, caplog):
    caplog.set_level(logging.DEBUG)
    call(run, tool_server, http_backend, headers=(("Authorization", f"Bearer {SECRET}"),))
    call(run, tool_server, http_backend, answer(500, SECRET), headers=(("X-T", SECRET),))
    assert SECRET not in caplog.text


def test_every_answer_of_a_list_is_read_with_its_reason(run, tool_server, http_backend, answer):
    async def check(body: str, why: str):
        async with tool_server(answer(200, body)) as server:
            backend = http_backend(server.url, headers=(("X-T", SECRET),))
            with pytest.raises(ToolBackendError, match=why) as refusal:
                await backend.definitions()
            await backend.aclose()
            assert SECRET not in str(refusal.value)

    run(check("<html>", "the tool list is not JSON"))
    named_twice = [{"type": "function", "function": {"name": SECRET}}] * 2
    run(check(json.dumps(named_twice), "twice"))


def test_a_list_is_asked_for_within_its_time(run, tool_server, http_backend):
    async def check():
        async with tool_server(writing(close=False)) as server:
            backend = http_backend(server.url, list_timeout=0.2)
            with pytest.raises(ToolBackendError, match=r"did not answer within 0\.2 s"):
                await backend.definitions()
            await backend.aclose()

    run(check())


def test_a_connection_is_used_again_but_not_one_that_the_server_has_closed(
    run, tool_server, http_backend, answer
):
    async def closing(request, reader, writer):
        writer.write(answer(200, "{}"))
        await writer.drain()
        writer.close()

    async def check(script, connections):
        async with tool_server(script) as server:
            backend = http_backend(server.url)
            for number in range(3):
                assert (await backend.invoke(str(number), "add", {}, 20.0)).ok
                await asyncio.sleep(0.05)
            await backend.aclose()
        assert len(server.requests) == 3
        assert server.connections == connections

    run(check(answer(200, "{}"), 1))
    run(check(closing, 3))


@pytest.mark.parametrize("raw", [b"hello", b"", b"5\r\nhello\r\n"])
def test_an_error_that_hangs_or_breaks_off_is_still_that_error(
    run, tool_server, http_backend, monkeypatch, raw
):
    monkeypatch.setattr(exchange, "ERROR_SECONDS", 0.2)
    chunked = raw.startswith(b"5")
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 100"
    head = b"HTTP/1.1 500 No\r\n" + length + b"\r\n\r\n"
    for close in (True, False):
        outcome, server = call(run, tool_server, http_backend, writing(head, raw, close=close))
        assert outcome.error == ("HTTP 500: hello" if raw else "HTTP 500")
        assert len(server.requests) == 1


def test_a_closed_backend_opens_no_connection(run, tool_server, http_backend):
    async def check():
        async with tool_server() as server:
            backend = http_backend(server.url)
            await backend.aclose()
            outcome = await backend.invoke("1", "add", {}, 20.0)
            assert outcome.error == "no connection to the tool server: the connection was closed"
        assert server.connections == 0

    run(check())


def test_ipv6(run, http_backend, answer):
    async def serve(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(200, "[]"))
        await writer.drain()
        writer.close()

    async def check():
        try:
            listener = await asyncio.start_server(serve, "::1", 0)
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        port = listener.sockets[0].getsockname()[1]
        backend = http_backend(f"http://[::1]:{port}")
        assert await backend.definitions() == ()
        await backend.aclose()
        listener.close()
        await listener.wait_closed()
        assert f"Host: [::1]:{port}".encode() in seen[0].split(b"\r\n")

    seen: list[bytes] = []
    run(check())
