"""What both fronts have in common: who is answered, what is refused, and how the server says who it is."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import threading
from typing import Any

import pytest

CHAT = {"model": "toy", "messages": [{"role": "user", "content": "hi"}]}


def test_every_answer_names_the_model_and_its_digest(front: Any) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/nothing"),
    ):
        answered = front.ask(method, path, {})
        assert answered.headers["x-model-name"] == "toy:1b"
        assert answered.headers["x-model-digest"] == "sha256:" + "ab" * 32
        assert not any(name.startswith("access-control") for name in answered.headers)


def test_health_says_who_and_proves_it(front: Any) -> None:
    front.token = "secret"
    plain = front.ask("GET", "/healthz").json
    assert plain["service"] == "readiness-model"
    assert plain["identity"]["digest"] == "ab" * 32
    assert (plain["loaded"], plain["running"], plain["slots"]) == (False, 0, 2)
    assert "proof" not in plain
    proof = front.ask("GET", "/healthz?nonce=n1").json["proof"]
    assert proof == hmac.new(b"secret", b"n1", hashlib.sha256).hexdigest()
    assert proof != front.ask("GET", "/healthz?nonce=n2").json["proof"]


def test_without_a_token_nothing_is_proved(front: Any) -> None:
    assert "proof" not in front.ask("GET", "/healthz?nonce=n1").json


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_a_tricked_browser_gets_nothing(front: Any, headers: dict[str, str]) -> None:
    for path in ("/api/tags", "/v1/models", "/healthz"):
        answered = front.ask("GET", path, None, **headers)
        assert (answered.status, answered.body) == (403, b"")


def test_bound_beyond_loopback_any_host_may_ask(front: Any) -> None:
    front.allowed_hosts = None
    assert front.ask("GET", "/api/tags", None, host="10.1.2.3:80").status == 200


def test_a_request_that_is_too_large_is_refused_in_the_words_of_the_front(front: Any) -> None:
    front.limit = 10
    ollama = front.post("/api/chat", b"x" * 11)
    assert (ollama.status, list(ollama.json)) == (413, ["error"])
    openai = front.post("/v1/chat/completions", b"x" * 11)
    assert (openai.status, openai.json["error"]["type"]) == (413, "invalid_request_error")


def test_paths_that_do_not_exist(front: Any) -> None:
    ollama = front.ask("GET", "/api/nothing")
    assert (ollama.status, ollama.body) == (404, b"404 page not found")
    assert front.ask("GET", "/api/chat").status == 405
    openai = front.post("/v1/responses", {})
    assert (openai.status, openai.json["error"]["message"]) == (404, "Invalid URL (POST /v1/responses)")
    wrong = front.ask("GET", "/v1/chat/completions")
    assert (wrong.status, wrong.json["error"]["code"]) == (405, "method_not_supported")


def test_a_fault_of_the_server_is_a_500_and_in_its_log(front: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fault(_: object) -> str:
        raise LookupError("a fault in here")

    front.engine.script = fault
    with caplog.at_level(logging.ERROR):
        openai = front.post("/v1/chat/completions", CHAT)
        ollama = front.post("/api/chat", {**CHAT, "stream": False})
    assert (openai.status, openai.json["error"]["type"]) == (500, "server_error")
    assert (ollama.status, "error" in ollama.json) == (500, True)
    assert "a fault in here" in caplog.text
    assert "a fault in here" not in ollama.body.decode()


def test_a_client_that_leaves_stops_the_engine(front: Any) -> None:
    front.engine.hold = threading.Event()

    async def main() -> None:
        app = front.app()
        gone = asyncio.Event()
        sent: list[dict[str, Any]] = []
        body = [{"type": "http.request", "body": b'{"model":"toy","prompt":"hi"}', "more_body": False}]

        async def receive() -> dict[str, Any]:
            if body:
                return body.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/generate",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        task = asyncio.ensure_future(app(scope, receive, send))
        while not front.engine.asked:
            await asyncio.sleep(0.005)
        gone.set()
        await asyncio.wait_for(task, 5)
        while app.served.turns.running:
            await asyncio.sleep(0.005)
        assert (front.engine.stopped, sent) == (1, [])
        app.served.turns.close()

    asyncio.run(asyncio.wait_for(main(), 20))


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/chat/completions", CHAT), ("/api/chat", {**CHAT, "stream": False})],
)
def test_beyond_slots_and_queue_is_503_with_a_time_to_come_back(
    front: Any, exchanging: Any, path: str, body: dict[str, Any]
) -> None:
    front.engine.hold = threading.Event()
    front.slots, front.queue = 1, 0

    async def main() -> None:
        app = front.app()
        first = asyncio.ensure_future(exchanging(app, "POST", path, body))
        while not front.engine.asked:
            await asyncio.sleep(0.005)
        refused = await exchanging(app, "POST", path, body)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert "error" in refused.json
        front.engine.hold.set()
        assert (await first).status == 200
        app.served.turns.close()

    asyncio.run(asyncio.wait_for(main(), 20))
