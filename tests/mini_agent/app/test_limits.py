"""How much one client, or all of them, may ask for at once; over a real socket."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time

import pytest

RUN = b"POST /agent/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def body_of(size: int) -> bytes:
    text = json.dumps(
        {"messages": [{"role": "user", "content": "x"}], "model": "small", "tool_backend": "none"}
    )
    return text.encode().ljust(size)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def chunked(body: bytes, size: int = 1000) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(("size", "expected"), [(5000, 200), (5001, 413)])
def test_a_body_over_the_limit_is_refused_by_what_it_declares(start, size, expected):
    server = start(body_bytes=5000)
    body = body_of(size)
    answer = server.raw(RUN + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert status(answer) == expected


@pytest.mark.parametrize(("size", "expected"), [(5000, 200), (5001, 413)])
def test_a_body_over_the_limit_is_refused_by_what_arrives(start, size, expected):
    server = start(body_bytes=5000)
    answer = server.raw(RUN + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body_of(size)))
    assert status(answer) == expected
    assert server.service.bodies.held == 0


def test_a_body_that_is_declared_too_large_is_not_waited_for(start):
    answer = start(body_bytes=5000).raw(RUN + b"Content-Length: 99999999999999999999999\r\n\r\n")
    assert status(answer) in (400, 413)
    assert status(start(body_bytes=5000).raw(RUN + b"Content-Length: 5001\r\n\r\n")) == 413


def test_a_body_that_dribbles_is_given_up(start):
    server = start(body_seconds=0.2)
    began = time.monotonic()
    answer = server.raw(RUN + b"Content-Length: 100\r\n\r\n{")
    assert (status(answer), server.service.bodies.held) == (408, 0)
    assert time.monotonic() - began < 1.5


def test_all_bodies_together_have_a_limit(start, model):
    server = start(bodies_bytes=6000)
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(RUN + b"Content-Length: 5000\r\n\r\n" + b" " * 4000)
        assert server.settled(lambda: server.service.bodies.held == 4000)
        body = body_of(3000)
        answer = server.raw(RUN + b"Content-Length: 3000\r\n\r\n" + body)
        assert status(answer) == 429
        assert b"retry-after: 1" in answer
    assert server.settled(lambda: server.service.bodies.held == 0)


def test_one_more_than_fits_is_told_to_come_back(start, model, hang):
    model.answer = lambda body: hang
    server = start(concurrency=1, queue=1, run_seconds=1.0)
    threads = [threading.Thread(target=server.chat) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert server.settled(lambda: server.service.admission.running == 1)
    assert server.settled(lambda: server.service.admission.waiting == 1)
    assert server.metric("requests_waiting") == 1
    refused = server.run()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert server.get("/ready").status_code == 200
    assert server.metric("rejected_requests_total", code="too_many_requests") == 1
    model.answer = lambda body: "fine"
    for thread in threads:
        thread.join()
    assert (server.service.admission.running, server.service.admission.waiting) == (0, 0)


def test_who_waits_is_served_in_turn(start, model):
    model.answer = lambda body: time.sleep(0.05) or "Paris"
    server = start(concurrency=2, queue=20)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(server.chat().status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 8
    assert server.service.admission.running == 0


def test_who_waits_too_long_is_told_to_come_back(start, model, hang):
    model.answer = lambda body: hang
    server = start(concurrency=1, queue=5, queue_seconds=0.1, run_seconds=0.6)
    thread = threading.Thread(target=server.chat)
    thread.start()
    assert server.settled(lambda: server.service.admission.running == 1)
    assert server.chat().status_code == 429
    thread.join()
    assert (server.service.admission.running, server.service.admission.waiting) == (0, 0)


def test_who_waits_and_leaves_gives_up_the_place(start, model, hang):
    model.answer = lambda body: hang
    server = start(concurrency=1, queue=5, run_seconds=1.0)
    thread = threading.Thread(target=server.chat)
    thread.start()
    assert server.settled(lambda: server.service.admission.running == 1)
    with socket.create_connection(("127.0.0.1", server.port)) as waiting:
        body = body_of(200)
        waiting.sendall(RUN + b"Content-Length: 200\r\n\r\n" + body)
        assert server.settled(lambda: server.service.admission.waiting == 1)
    assert server.settled(lambda: server.service.admission.waiting == 0)
    thread.join()
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /ready HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /ready HTTP/1.1\r\nHost: localhost\r\nX-Endless: " + b"a" * 140_000,
        b"GET /ready HTTP/1.1\r\nHost: localhost\r\n" + b"X-N: 1\r\n" * 300 + b"\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_a_head_without_end_is_refused(server, head):
    assert status(server.raw(head)) == 400
    assert server.get("/ready").status_code == 200


def test_a_head_that_does_not_come_is_dropped(start, monkeypatch):
    monkeypatch.setattr("mini_agent.app.http_protocol.HEAD_SECONDS", 0.2)
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=3) as idle:
        idle.sendall(b"GET /ready HTT")
        with contextlib.suppress(ConnectionResetError):
            assert idle.recv(10) == b""


def test_a_request_in_pieces_is_served(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=3) as connection:
        for piece in (b"GET /rea", b"dy HTTP/1.1\r\nHo", b"st: localhost\r\n", b"\r\n"):
            connection.sendall(piece)
            time.sleep(0.01)
        assert status(connection.recv(1000)) == 200
        connection.sendall(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status(connection.recv(1000)) == 200


@pytest.mark.parametrize("path", ["/agent/run", "/v1/chat/completions"])
@pytest.mark.parametrize(
    "fields",
    [
        {f"k{number}": 1 for number in range(100_000)},
        {"messages": [{"role": "user", "content": [1] * 500_000}]},
        {"messages": [1] * 500_000},
        {"metadata": {f"k{number}": 1 for number in range(100_000)}},
        {"logit_bias": {f"k{number}": "a" for number in range(100_000)}},
        {"k" * 1_000_000: 1},
    ],
)
def test_a_request_full_of_faults_is_refused_soon_and_shortly(server, path, fields):
    began = time.process_time()
    found = server.post(path, {"model": "m", "messages": [{"role": "user", "content": "x"}], **fields})
    assert found.status_code in (400, 422)
    assert len(found.content) < 10_000
    assert time.process_time() - began < 3


@pytest.mark.parametrize("count", [64, 65, 50_000])
def test_too_many_headers_are_a_400(server, count):
    headers = {f"x-{number}": 1 if count > 100 else "a" for number in range(count)}
    found = server.run(
        tool_backend="http", tool_http_base_url="http://127.0.0.1:1", tool_http_headers=headers
    )
    assert found.status_code == (409 if count == 64 else 400)


def test_a_request_behind_another_is_left_and_its_bytes_are_bounded(start, model, hang):
    server = start()
    body = body_of(200)
    run = RUN + b"Content-Length: 200\r\n\r\n" + body
    answer = server.raw(run + run)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in answer
    model.answer = lambda body: hang
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(run)
        assert server.settled(lambda: server.service.admission.running == 1)
        with contextlib.suppress(ConnectionError):
            client.sendall(RUN + b"Content-Length: 4000000\r\n\r\n" + b" " * 2_000_000)
        assert server.settled(lambda: server.service.admission.running == 0)


def test_a_client_that_asks_twice_and_leaves_is_seen_leaving(start, model, hang):
    model.answer = lambda body: hang
    server = start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(RUN + b"Content-Length: 200\r\n\r\n" + body_of(200))
        assert server.settled(lambda: len(model.asked) == 1)
        client.sendall(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
        time.sleep(0.1)
    assert server.settled(lambda: bool(model.left))
    assert server.settled(lambda: not server.service.under_way)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b" folded: 1\r\n",
    ],
)
def test_a_request_that_two_servers_would_read_differently_is_refused(server, model, lines):
    answer = server.raw(RUN + lines + b"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1
    assert model.asked == []
