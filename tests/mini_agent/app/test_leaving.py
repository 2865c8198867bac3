"""Clients that leave, and a service that stops: what was under way ends within its time, and nothing is left."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import pytest

PATIENCE = 0.25
"""Seconds within which everything must be over. The tests allow four times as much, for a busy machine."""


def request(path: str, **fields: object) -> bytes:
    asked = {"messages": [{"role": "user", "content": "x"}], "model": "small", **fields}
    body = json.dumps(asked).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def left_behind(server) -> list[str]:
    """What still runs in the server's loop, beyond the server itself."""

    async def tasks() -> list[str]:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
        return [name for name in names if not name.endswith(("main", "tasks"))]

    return asyncio.run_coroutine_threadsafe(tasks(), server.loop).result(5)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/agent/run", "/v1/chat/completions"])
def test_a_client_that_leaves_ends_the_call_of_the_model(start, model, hang, path, stream):
    model.answer = lambda body: hang
    server = start()
    fields = {"tool_backend": "none"} if path == "/agent/run" else {}
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(request(path, stream=stream, **fields))
        assert model.arrived.wait(20)
    gone = time.monotonic()
    assert server.settled(lambda: bool(model.left))
    assert model.left[0] - gone < 4 * PATIENCE
    assert server.settled(lambda: not server.service.under_way and server.service.admission.running == 0)
    assert server.settled(lambda: not left_behind(server)), left_behind(server)
    assert server.settled(lambda: server.metric("client_disconnects_total") == 1)
    if path == "/agent/run":
        assert server.metric("runs_total", stopped_reason="cancelled") == 1
        assert server.metric("runs_in_flight") == 0
    else:
        assert server.metric("chat_completions_total", outcome="cancelled") == 1


def test_a_client_that_leaves_in_the_middle_of_a_stream_ends_the_call(start, model, hang):
    model.answer = lambda body: ["It ", hang]
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(request("/v1/chat/completions", stream=True))
        seen = b""
        while b"It " not in seen:
            seen += client.recv(4096)
    assert server.settled(lambda: bool(model.left))
    assert server.settled(lambda: not server.service.under_way)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_ends_the_tool(start, model, tools, tool_call, stream):
    model.answer = lambda body: [tool_call("hang")]
    server = start(open_tools=tools.open)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(request("/agent/run", stream=stream))
        assert tools.started.wait(20)
    gone = time.monotonic()
    assert server.settled(lambda: bool(tools.ended) and tools.closed == 1)
    assert tools.ended[0][1] - gone < 4 * PATIENCE
    assert server.settled(lambda: server.metric("tool_calls_total", outcome="error") == 1)


def test_several_answers_end_together(start, model, hang):
    model.answer = lambda body: hang
    server = start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(request("/v1/chat/completions", n=3))
        assert server.settled(lambda: len(model.asked) == 3)
    assert server.settled(lambda: len(model.left) == 3)


def test_a_client_that_leaves_while_it_sends_costs_nothing(start, model):
    server = start()
    for cut in (10, 80, 150):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(request("/agent/run", tool_backend="none")[:cut])
    assert server.get("/ready").status_code == 200
    assert server.settled(lambda: server.service.bodies.held == 0)
    assert model.asked == []


def test_many_clients_that_leave_leave_nothing(start, model, hang):
    model.answer = lambda body: hang
    server = start(concurrency=20)
    clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
    for index, client in enumerate(clients):
        client.sendall(request("/v1/chat/completions", stream=bool(index % 2)))
    assert server.settled(lambda: len(model.asked) == 20 and server.service.admission.waiting == 20)
    for client in clients:
        client.close()
    assert server.settled(lambda: not server.service.under_way)
    assert server.settled(lambda: server.service.admission.running == 0)
    assert (server.service.admission.running, server.service.admission.waiting) == (0, 0)
    assert server.settled(lambda: len(model.left) == len(model.asked))
    assert server.settled(lambda: not left_behind(server)), left_behind(server)


READY = b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n"


def exchanged(connection: socket.socket, asked: bytes) -> bytes:
    """The head of the answer, its body read too."""
    connection.sendall(asked)
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(4096)
    return answer.partition(b"\r\n\r\n")[0]


def in_background(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    return thread, found


def test_a_stop_lets_an_answer_end(start, model):
    model.answer = lambda body: time.sleep(0.3) or "Paris"
    server = start(stop_seconds=3)
    thread, found = in_background(server.run)
    assert model.arrived.wait(20)
    server.stop()
    thread.join(20)
    server.thread.join(20)
    assert not server.thread.is_alive()
    assert found[0].json()["final_answer"] == "Paris"


def test_a_stop_ends_what_goes_on_too_long(start, model, hang):
    model.answer = lambda body: hang
    server = start(stop_seconds=0.3)
    run, ran = in_background(server.run)
    chat, chatted = in_background(server.chat)
    assert server.settled(lambda: len(model.asked) == 2)
    told = time.monotonic()
    server.stop()
    for thread in (run, chat, server.thread):
        thread.join(20)
    assert time.monotonic() - told < 0.3 + 4
    for answer in (ran[0], chatted[0]):
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "stopping")
        assert answer.headers["retry-after"] == "1"
    assert len(model.left) == 2


def test_a_stop_ends_streams_with_a_last_event(start, model, hang):
    model.answer = lambda body: ["It ", hang]
    server = start(stop_seconds=0.3)
    run, ran = in_background(lambda: server.run(stream=True))
    chat, chatted = in_background(lambda: server.chat(stream=True))
    assert server.settled(lambda: len(model.asked) == 2)
    time.sleep(1.0)
    server.stop()
    for thread in (run, chat, server.thread):
        thread.join(20)
    last = ran[0].text.strip().split("\n\n")[-1]
    assert last.startswith("event: done\n")
    assert json.loads(last.partition("data: ")[2])["stopped_reason"] == "cancelled"
    last = chatted[0].text.strip().split("\n\n")[-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "stopping"


def test_a_stop_kills_tools(start, model, tools, tool_call):
    model.answer = lambda body: [tool_call("hang")]
    server = start(open_tools=tools.open, stop_seconds=0.1)
    thread, found = in_background(lambda: server.run(tool_backend="local"))
    assert tools.started.wait(20)
    server.stop()
    server.thread.join(20)
    thread.join(20)
    assert (tools.ended[0][0], tools.closed, found[0].status_code) == ("hang", 1, 503)


def test_while_it_stops_it_is_not_ready_and_takes_nothing_on(start, model, hang):
    model.answer = lambda body: hang
    server = start(stop_seconds=1.0)
    thread, _ = in_background(server.run)
    assert model.arrived.wait(20)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as kept:
        assert b" 200 " in exchanged(kept, READY)
        server.loop.call_soon_threadsafe(setattr, server.service, "stopping", True)
        time.sleep(0.05)
        assert b" 503 " in exchanged(kept, READY)
        assert b" 503 " in exchanged(kept, request("/v1/chat/completions"))
    server.stop()
    thread.join(20)


def test_a_second_stop_does_not_wait(start, model, hang):
    model.answer = lambda body: hang
    server = start(stop_seconds=30)
    thread, found = in_background(server.run)
    assert model.arrived.wait(20)
    began = time.monotonic()
    server.stop()
    time.sleep(0.3)
    server.stop()
    thread.join(20)
    server.thread.join(20)
    assert time.monotonic() - began < 3
    assert found[0].status_code == 503


def test_a_reader_that_is_slow_holds_its_run_and_no_memory(start, model, monkeypatch):
    """The stream waits for its reader; one that takes nothing for too long is left."""
    monkeypatch.setattr("mini_agent.app.http_protocol.STALL_SECONDS", 0.3)
    word = "x" * 20_000
    model.answer = lambda body: [word] * 2000
    server = start()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request("/agent/run", stream=True, tool_backend="none"))
        assert server.settled(lambda: server.service.admission.running == 1)
        time.sleep(0.3)
        assert server.get("/ready").status_code == 200
        assert server.settled(lambda: server.metric("runs_in_flight") == 0)
    assert server.settled(lambda: not server.service.under_way)


def test_a_stream_that_breaks_inside_the_service_says_so(server, monkeypatch, caplog):
    from mini_agent.app import agent_answer
    from mini_agent.events import Done, Event

    def told(event: Event) -> object:
        if isinstance(event, Done):
            raise RuntimeError("secret detail")
        return agent_answer.event_json(event)

    monkeypatch.setattr("mini_agent.app.agent_route.event_json", told)
    found = server.run(stream=True)
    last = found.text.strip().split("\n\n")[-1]
    assert last.startswith("event: error\n")
    assert json.loads(last.partition("data: ")[2])["error"]["code"] == "internal_error"
    assert "secret" not in found.text
    assert "secret detail" in caplog.text
