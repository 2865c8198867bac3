"""What passes through a relay, and what is written down of it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

CHAT = "/v1/chat/completions"
ASK = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "the capital of France?"}],
    "seed": 7,
    "temperature": 0.5,
}


def test_a_call_passes_and_is_counted(upstream, relay, chat):
    server = upstream()
    front = relay(server.base + "/prefix", server={"model": {"name": "tiny", "digest": "abc"}})

    status, fields, body = front.ask(CHAT + "?api-version=1", ASK)

    assert (status, json.loads(body)) == (200, chat())
    assert fields["Content-Type"] == "application/json"
    assert server.seen[0].line == "POST /prefix/v1/chat/completions?api-version=1 HTTP/1.1"
    assert json.loads(server.seen[0].body) == ASK
    assert server.seen[0].field("host") == f"127.0.0.1:{server.port}"
    [call] = front.calls()
    expected = {
        "format": 1, "check": "smokes", "lane": "nd", "trial": None, "upstream": "model", "kind": "openai",
        "method": "POST", "path": CHAT, "model": "gpt-4o-mini", "model_answered": "tiny-1", "system_fingerprint": "fp_1",
        "identity": {"name": "tiny", "digest": "abc"}, "stream": False, "status": 200,
        "tokens": {"prompt": 7, "completion": 2}, "retries": 0, "error": "", "seed": 7, "temperature": 0.5,
        "bytes": len(body), "stand_in": False, "replay": False, "counted": True, "cold_start": False,
    }  # fmt: skip
    assert {name: call[name] for name in expected} == expected
    assert 0 < call["ttft"] <= call["seconds"] < 10
    assert call["request_key"]
    assert call["response_key"]
    assert front.stop() == 0


def test_the_cost_comes_from_the_table_of_the_plan(upstream, relay, tmp_path):
    table = {
        "format": 1, "date": "2026-01-01", "currency": "USD", "per_tokens": 10,
        "models": {"tiny-1": {"prompt": 1, "completion": 5}},
    }  # fmt: skip
    (tmp_path / "prices.json").write_text(json.dumps(table))
    front = relay(upstream().base, prices=str(tmp_path / "prices.json"))
    front.ask(CHAT, ASK)
    assert front.calls()[0]["cost"] == pytest.approx(7 * 0.1 + 2 * 0.5)


def test_a_stream_comes_piece_by_piece(standing, events, token):
    gate = threading.Event()

    def answer(connection, _seen):
        first, *rest = events(["Pa", "ris"])
        connection.begin_chunks()
        connection.chunk(first)
        gate.wait(15)
        for event in rest:
            connection.chunk(event)
        connection.send(b"0\r\n\r\n")

    _, front = standing(answer)
    data = json.dumps({**ASK, "stream": True}).encode()
    with front.connect() as sock:
        sock.sendall(
            b"POST /c/%b/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"
            % (token.encode(), len(data), data)
        )
        received = b""
        while b"Pa" not in received:
            received += sock.recv(65536)
        # The upstream has not sent the rest yet: nothing was held back.
        assert b"ris" not in received
        gate.set()
        while b"0\r\n\r\n" not in received:
            received += sock.recv(65536)
    assert received.count(b"data: ") == len(events(["Pa", "ris"]))
    [call] = front.calls()
    assert call["stream"]
    assert call["counted"]
    assert call["tokens"] == {"prompt": 5, "completion": 2}
    assert call["ttft"] < call["seconds"]


def test_tokens_of_a_stream_without_usage_are_not_guessed(standing, events):
    server, front = standing(lambda connection, _seen: connection.stream(events(["Pa", "ris"], usage=False)))
    front.ask(CHAT, {**ASK, "stream": True})
    assert json.loads(server.seen[0].body) == {**ASK, "stream": True}, "the request is never changed"
    assert front.calls()[0]["tokens"] == {"prompt": None, "completion": None}
    assert front.calls()[0]["counted"]


def test_ollama_lines_are_read(upstream, relay):
    lines = [
        {"model": "smol", "message": {"role": "assistant", "content": "Pa"}, "done": False},
        {"model": "smol", "message": {"content": "ris"}, "done": False},
        {"model": "smol", "message": {"content": ""}, "done": True, "done_reason": "stop",
         "load_duration": 3_000_000_000, "prompt_eval_count": 11, "eval_count": 2},
    ]  # fmt: skip

    def answer(connection, _seen):
        connection.begin_chunks("application/x-ndjson")
        for line in lines:
            connection.chunk(json.dumps(line).encode() + b"\n")
        connection.send(b"0\r\n\r\n")

    front = relay(upstream(answer).base, kind="ollama")
    ask = {"model": "smol", "messages": [], "options": {"seed": 3, "temperature": 0}}
    front.ask("/api/chat", ask)
    [call] = front.calls()
    assert (call["tokens"], call["seed"], call["temperature"]) == ({"prompt": 11, "completion": 2}, 3, 0.0)
    assert call["stream"], "Ollama streams unless it is told not to"
    assert call["cold_start"], "three seconds went into loading the model"
    assert call["counted"]


def test_a_credit_by_trace_goes_to_the_check_and_stays_with_us(standing):
    server, front = standing()
    front.ask(CHAT, ASK, x_readiness_trace="other-token-9876543210", x_readiness_trial="4")
    front.ask("/t/9" + CHAT, ASK)
    assert [(call["check"], call["trial"]) for call in front.calls()] == [("other", 4), ("smokes", 9)]
    assert not [
        name for seen in server.seen for name, _ in seen.fields if name.lower().startswith("x-readiness")
    ]
    assert server.seen[1].line == f"POST /prefix{CHAT} HTTP/1.1"


def test_a_stand_in_is_never_counted(standing, upstream, relay, chat):
    def answer(connection, seen):
        if b"marked" in seen.body:
            connection.json(chat(), **{"X-Stand-In": "echo"})
        else:
            connection.json(chat(system_fingerprint="stand-in"))

    _, front = standing(answer)
    front.ask(CHAT, {**ASK, "user": "marked"})
    front.ask(CHAT, ASK)
    declared = relay(upstream().base, server={"stand_in": True})
    declared.ask(CHAT, ASK)
    calls = [*front.calls(), *declared.calls()]
    assert [(call["stand_in"], call["counted"], call["error"]) for call in calls] == [(True, False, "")] * 3


def test_what_is_no_generation_passes_and_is_not_counted(standing):
    def answer(connection, seen):
        if seen.line.startswith("GET /prefix/v1/models"):
            connection.json({"data": [{"id": "tiny-1"}]})
        elif seen.line.startswith("HEAD"):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n")
        elif b"empty" in seen.body:
            connection.json({"choices": [{"message": {"content": " "}, "finish_reason": "stop"}]})
        elif b"wrong" in seen.body:
            connection.json({"error": {"message": "context too long"}})
        else:
            connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    _, front = standing(answer)
    assert front.ask("/v1/models", method="GET")[2] == b'{"data": [{"id": "tiny-1"}]}'
    assert front.ask("/v1/models/x", method="HEAD")[1]["Content-Length"] == "123"
    assert front.ask(CHAT, {**ASK, "user": "empty"})[0] == 200
    assert front.ask(CHAT, {**ASK, "user": "wrong"})[0] == 200
    assert front.ask("/v1/files/1", method="DELETE")[0] == 204
    calls = front.calls()
    assert [call["counted"] for call in calls] == [False] * 5
    assert calls[3]["error"] == "error_in_answer"
    assert calls[3]["detail"] == "context too long"


def test_a_stream_without_its_end_is_not_counted(standing, events):
    _server, front = standing(lambda connection, _seen: connection.stream(events(["Pa"])[:1]))
    front.ask(CHAT, {**ASK, "stream": True})
    assert (front.calls()[0]["error"], front.calls()[0]["counted"]) == ("unfinished", False)


def test_too_many_requests_passes_untouched_and_its_repeat_is_a_retry(standing, chat):
    answers = iter((429, 503, 200))

    def answer(connection, _seen):
        status = next(answers)
        if status == 200:
            connection.json(chat())
        else:
            connection.json({"error": {"message": "slow down"}}, f"{status} No", **{"Retry-After": "7"})

    _, front = standing(answer)
    status, fields, body = front.ask(CHAT, ASK)
    assert (status, fields["Retry-After"], json.loads(body)) == (
        429,
        "7",
        {"error": {"message": "slow down"}},
    )
    front.ask(CHAT, ASK)
    front.ask(CHAT, ASK)
    calls = front.calls()
    assert [(call["status"], call["error"], call["retries"]) for call in calls] == [
        (429, "429", 0),
        (503, "upstream_5xx", 1),
        (200, "", 2),
    ]
    assert calls[0]["retry_after"] == 7.0
    assert calls[0]["detail"] == "slow down"
    assert [call["counted"] for call in calls] == [False, False, True]


def test_fifty_streams_at_once(standing, events):
    words = [f"w{number}" for number in range(20)]
    _server, front = standing(lambda connection, _seen: connection.stream(events(words), pause=0.01))
    bodies: list[bytes] = []

    def ask(number):
        bodies.append(front.ask(f"/t/{number}" + CHAT, {**ASK, "stream": True, "seed": number})[2])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert bodies == [b"".join(events(words))] * 50
    calls = front.calls()
    assert sorted(call["trial"] for call in calls) == list(range(50))
    assert all(call["counted"] and call["tokens"]["completion"] == 20 for call in calls)
    assert len({call["request_key"] for call in calls}) == 50
    assert len({call["response_key"] for call in calls}) == 1


def test_a_large_body_passes_whole_and_a_larger_one_is_refused(standing):
    server, front = standing()
    large = {**ASK, "messages": [{"role": "user", "content": "x" * (3 << 20)}]}
    assert front.ask(CHAT, large, Expect="100-continue")[0] == 200
    assert json.loads(server.seen[0].body) == large
    status, _, body = front.ask(CHAT, None, Content_Length=str(33 << 20))
    assert status == 413
    assert "32 MiB" in json.loads(body)["error"]["message"]
    assert [call["error"] for call in front.calls()] == ["", "not_taken"]


def test_who_waits_to_be_told_to_continue_is_told(standing, token):
    _, front = standing()
    body = json.dumps(ASK).encode()
    with front.connect() as sock:
        head = f"POST /c/{token}{CHAT} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
        sock.sendall(head.encode())
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_compressed_answer_is_counted_all_the_same(standing, chat):
    import gzip

    packed = gzip.compress(json.dumps(chat()).encode())
    server, front = standing(
        lambda connection, _seen: connection.whole(
            packed, **{"Content-Encoding": "gzip", "Content-Type": "application/json"}
        )
    )
    _, fields, body = front.ask(CHAT, ASK, Accept_Encoding="gzip, br")
    assert server.seen[0].field("accept-encoding") == "identity"
    assert (fields["Content-Encoding"], body) == ("gzip", packed), "what passes is not changed"
    assert front.calls()[0]["tokens"] == {"prompt": 7, "completion": 2}


def test_secrets_never_reach_the_disk(upstream, relay, chat, tmp_path):
    key, cookie, own = "sk-proj-Zq81vLw02mXy77", "session9f8e7d6c5b", "hf_OwnEnvironmentSecret42"
    said = f"you sent {key} and {own}"

    def answer(connection, seen):
        if b"wrong" in seen.body:
            connection.json({"error": {"message": f"Incorrect API key provided: {key}"}}, "401 Unauthorized")
        else:
            connection.json(chat(said), **{"Set-Cookie": f"id={cookie}"})

    cassette = tmp_path / "tapes" / "smokes.yaml"
    front = relay(
        upstream(answer).base,
        route={"mode": "record", "cassette": str(cassette)},
        environ={"PROVIDER_API_KEY": own},
    )
    sent = {"Authorization": f"Bearer {key}", "Cookie": f"id={cookie}"}
    ask = {**ASK, "messages": [{"role": "user", "content": f"my key is {key}"}]}
    _, fields, body = front.ask(f"{CHAT}?key={key}", ask, **sent)
    assert json.loads(body)["choices"][0]["message"]["content"] == said, "the client gets what was said"
    assert cookie in fields["Set-Cookie"]
    front.ask(CHAT, {**ASK, "user": "wrong"}, **sent)
    front.ask(f"/v1/{key}/models", method="GET", **sent)
    front.process.terminate()
    out, err = front.process.communicate(timeout=20)
    written = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert cassette in written
    for secret in (key, cookie, own):
        assert [path for path, text in written.items() if secret in text] == []
        assert secret not in out + err
    assert "[redacted:" in written[cassette]
    assert "[redacted:" in written[front.calls_file]


def test_it_listens_on_loopback_alone(standing):
    _, front = standing()
    table = Path(f"/proc/{front.process.pid}/net/tcp").read_text().splitlines()
    rows = [line.split() for line in table]
    listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{front.port:04X}")}
    assert listening == {f"0100007F:{front.port:04X}"}


def test_the_clock_of_a_call_starts_with_its_request(standing, chat):
    def answer(connection, _seen):
        time.sleep(0.3)
        connection.json(chat())

    _, front = standing(answer)
    front.ask(CHAT, ASK)
    assert 0.3 <= front.calls()[0]["ttft"] < 3
