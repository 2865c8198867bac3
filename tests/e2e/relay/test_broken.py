"""What happens when one side goes: every call keeps its line, and nothing stays open."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

CHAT = "/v1/chat/completions"
ASK = {"model": "tiny-1", "messages": [{"role": "user", "content": "hi"}], "stream": True}


def request(token: str, body: object, path: str = CHAT) -> bytes:
    data = json.dumps(body).encode()
    head = f"POST /c/{token}{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


def test_a_vanished_client_ends_the_upstreams_work(standing, events, token, wait_for):
    noticed = threading.Event()

    def answer(connection, _seen):
        connection.begin_chunks()
        connection.chunk(events(["Pa"])[0])
        if connection.gone(10):
            noticed.set()

    _, front = standing(answer)
    with front.connect() as sock:
        sock.sendall(request(token, ASK))
        while b"Pa" not in sock.recv(65536):
            pass
    assert noticed.wait(5), "the upstream was not told"
    [call] = wait_for(front.calls, 5)
    assert (call["error"], call["counted"], call["status"]) == ("client_gone", False, 200)
    assert call["bytes"] == len(events(["Pa"])[0])


def test_a_client_that_vanishes_before_the_answer_is_noticed(standing, token, wait_for):
    noticed = threading.Event()
    came = threading.Event()

    def answer(connection, _seen):
        came.set()
        if connection.gone(10):
            noticed.set()

    _, front = standing(answer)
    with front.connect() as sock:
        sock.sendall(request(token, ASK))
        assert came.wait(5)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert noticed.wait(5)
    [call] = wait_for(front.calls, 5)
    assert (call["error"], call["status"], call["ttft"]) == ("client_gone", None, None)


def test_a_client_that_vanishes_inside_its_request_is_written_down(standing, token, wait_for):
    server, front = standing()
    with front.connect() as sock:
        sock.sendall(request(token, ASK)[:-5])
    [call] = wait_for(front.calls, 5)
    assert call["error"] == "client_gone"
    assert server.seen == []


def test_a_client_that_hangs_up_at_the_closing_mark_had_its_answer(standing, events, token, wait_for):
    def answer(connection, _seen):
        connection.begin_chunks()
        for event in events(["Pa", "ris"]):
            connection.chunk(event)
        connection.gone(10)

    _, front = standing(answer)
    with front.connect() as sock:
        sock.sendall(request(token, ASK))
        received = b""
        while b"[DONE]" not in received:
            received += sock.recv(65536)
    [call] = wait_for(front.calls, 5)
    assert (call["error"], call["counted"]) == ("", True)


def test_an_upstream_that_breaks_off_shows_at_the_client(standing, events, token):
    def answer(connection, _seen):
        connection.begin_chunks()
        connection.chunk(events(["Pa"])[0])
        connection.close()

    _, front = standing(answer)
    received = front.raw(request(token, ASK))
    assert events(["Pa"])[0] in received
    assert not received.endswith(b"0\r\n\r\n"), "an answer cut short must not look whole"
    [call] = front.calls()
    assert (call["error"], call["counted"], call["status"]) == ("reset", False, 200)
    assert "closed the connection" in call["detail"]


def test_an_answer_shorter_than_it_said_shows_at_the_client(standing, token):
    def answer(connection, _seen):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
        connection.close()

    _, front = standing(answer)
    received = front.raw(request(token, ASK))
    assert received.endswith(b"short")
    assert b"Content-Length: 100" in received
    assert front.calls()[0]["error"] == "reset"


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("openai", lambda body: (body["error"]["code"], body["error"]["message"])),
        ("ollama", lambda body: ("refused", body["error"])),
        ("anthropic", lambda body: ("refused" if body["type"] == "error" else "", body["error"]["message"])),
        ("other", lambda body: (body["error"]["type"], body["error"]["message"])),
    ],
)
def test_nobody_listens(relay, upstream, kind, read):
    server = upstream()
    base = server.base
    server.stop()
    front = relay(base, kind=kind)
    status, fields, body = front.ask(CHAT, ASK)
    word, message = read(json.loads(body))
    assert (status, word, fields["X-Readiness-Relay"]) == (502, "refused", "refused")
    assert "nothing listens there" in message
    assert [(call["error"], call["status"], call["counted"]) for call in front.calls()] == [
        ("refused", 502, False)
    ]
    server.start(server.port)


def test_a_silent_upstream_ends_at_the_deadline(upstream, relay, events):
    def answer(connection, seen):
        if b"begin" in seen.body:
            connection.begin_chunks()
            connection.chunk(events(["Pa"])[0])
        connection.gone(20)

    front = relay(upstream(answer).base, deadline_seconds=0.5)
    status, _, body = front.ask(CHAT, ASK)
    assert status == 504
    assert "silent for longer than its deadline" in json.loads(body)["error"]["message"]
    with pytest.raises(Exception, match="IncompleteRead"):
        front.ask(CHAT, {**ASK, "user": "begin"})
    assert [(call["error"], call["status"]) for call in front.calls()] == [("timeout", 504), ("timeout", 200)]


def test_what_is_no_http_is_a_bad_answer(upstream, relay):
    front = relay(upstream(lambda connection, _seen: connection.send(b"SSH-2.0-OpenSSH\r\n\r\n")).base)
    assert front.ask(CHAT, ASK)[0] == 502
    assert front.calls()[0]["error"] == "bad_answer"


def test_a_killed_upstream_is_used_again_once_it_is_back(upstream, relay):
    server = upstream()
    front = relay(server.base)
    assert front.ask(CHAT, ASK)[0] == 200
    server.stop()
    for _ in range(3):
        front.ask(CHAT, ASK)
    server.start(server.port)
    assert front.ask(CHAT, ASK)[0] == 200
    errors = [call["error"] for call in front.calls()]
    assert errors[0] == errors[-1] == ""
    assert set(errors[1:-1]) <= {"refused", "reset", ""}


def test_stopping_writes_down_what_was_under_way(upstream, relay, events, token):
    def answer(connection, _seen):
        connection.begin_chunks()
        connection.chunk(events(["Pa"])[0])
        connection.gone(20)

    front = relay(upstream(answer).base)
    with front.connect() as sock:
        sock.sendall(request(token, ASK))
        while b"Pa" not in sock.recv(65536):
            pass
        began = time.monotonic()
        assert front.stop() == 0
        assert time.monotonic() - began < 5
    assert [call["error"] for call in front.calls()] == ["relay_stopped"]


def test_kill_9_loses_no_finished_call(upstream, relay, tmp_path):
    cassette = tmp_path / "smokes.yaml"
    front = relay(upstream().base, route={"mode": "record", "cassette": str(cassette)})
    for number in range(5):
        front.ask(CHAT, {**ASK, "seed": number})
    os.kill(front.process.pid, signal.SIGKILL)
    front.process.wait()
    assert len(front.calls()) == 5
    assert not cassette.exists()
    assert (tmp_path / "smokes.yaml.part").read_text().count("\n...\n") >= 4


def test_a_relay_that_cannot_write_calls_stops(upstream, relay, wait_for):
    """A call that is not on record must not look like one that never was: the relay ends with an error."""
    import resource

    front = relay(upstream().base)
    resource.prlimit(front.process.pid, resource.RLIMIT_FSIZE, (10, 10))
    front.ask(CHAT, ASK)
    assert wait_for(lambda: front.process.poll() is not None, 5)
    assert front.process.returncode == 1
    assert "could not be written down" in front.process.communicate()[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"deadline_seconds": -1}, "`deadline_seconds` must be a number over 0"),
        ({"prices": "missing.json"}, "missing.json: cannot be read"),
        ({"route": {"mode": "replay", "cassette": "missing.yaml"}}, "missing.yaml: cannot be read"),
        ({"route": {"mode": "replay"}}, "mode replay needs a `cassette`"),
    ],
)
def test_it_says_why_it_cannot_start(relay, change, message):
    with pytest.raises(AssertionError, match="did not start") as caught:
        relay("http://127.0.0.1:1", **change)
    assert message in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_clients_that_vanish_leave_nothing_open(upstream, relay, events, token, wait_for):
    server = upstream(lambda connection, _seen: connection.stream(events(["w"] * 100), pause=0.01))
    front = relay(server.base)
    folder = Path(f"/proc/{front.process.pid}/fd")
    before = len(list(folder.iterdir()))
    for _ in range(30):
        with front.connect() as sock:
            sock.sendall(request(token, ASK))
            sock.recv(100)
    assert len(wait_for(lambda: len(front.calls()) == 30 and front.calls(), 10)) == 30
    assert {call["error"] for call in front.calls()} == {"client_gone"}
    assert wait_for(lambda: len(list(folder.iterdir())) <= before + 1, 10), "a socket leaked"
