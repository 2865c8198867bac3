"""Clients as they are installed, in front of a relay: what they see is what they would see without it."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

openai = pytest.importorskip("openai")
ollama = pytest.importorskip("ollama")

MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.fixture
def sdk(token):
    """An OpenAI client of a relay; closed at the end."""
    made = []

    def make(front, **more):
        base = f"http://127.0.0.1:{front.port}/c/{token}/v1"
        made.append(openai.OpenAI(base_url=base, api_key="sk-none", **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_openai_sdk_chats_and_streams(standing, sdk, events):
    def answer(connection, seen):
        if b'"stream":true' in seen.body.replace(b" ", b""):
            connection.stream(events(["Pa", "ris"]))
        else:
            answer_whole(connection, seen)

    answer_whole = standing()[0].answer
    _, front = standing(answer)
    client = sdk(front)
    whole = client.chat.completions.create(model="tiny-1", messages=MESSAGES, seed=3)
    assert whole.choices[0].message.content == "Paris"
    pieces = list(client.chat.completions.create(model="tiny-1", messages=MESSAGES, stream=True))
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == "Paris"
    assert [(call["counted"], call["stream"]) for call in front.calls()] == [(True, False), (True, True)]


def test_the_openai_sdk_leaves_a_stream(standing, sdk, events, wait_for):
    _, front = standing(lambda connection, _seen: connection.stream(events(["w"] * 200), pause=0.02))
    with sdk(front).chat.completions.create(model="tiny-1", messages=MESSAGES, stream=True) as stream:
        next(iter(stream))
    [call] = wait_for(front.calls, 10)
    assert (call["error"], call["counted"]) == ("client_gone", False)


def test_the_openai_sdk_waits_and_tries_again_as_it_is_told(standing, sdk, chat):
    """Row 39: what a retry mended is on record as retries, and the wait that was asked for reaches the client."""
    answers = iter((429, 503, 200))

    def answer(connection, _seen):
        if (status := next(answers)) == 200:
            connection.json(chat())
        else:
            connection.json({"error": {"message": "busy"}}, f"{status} Busy", **{"Retry-After": "1"})

    _, front = standing(answer)
    sdk(front, max_retries=2).chat.completions.create(model="tiny-1", messages=MESSAGES)
    calls = front.calls()
    assert [(call["status"], call["retries"]) for call in calls] == [(429, 0), (503, 1), (200, 2)]
    assert calls[0]["retry_after"] == 1.0


def test_the_openai_sdk_names_a_refused_upstream(relay, sdk):
    with pytest.raises(openai.InternalServerError, match="nothing listens there"):
        sdk(relay("http://127.0.0.1:9"), max_retries=0).chat.completions.create(
            model="tiny-1", messages=MESSAGES
        )


def test_the_openai_sdk_does_not_try_a_missing_recording_again(standing, relay, sdk, tmp_path):
    cassette = tmp_path / "c.yaml"
    server, _ = standing()
    recorder = relay(server.base, route={"mode": "record", "cassette": str(cassette)})
    said = sdk(recorder).chat.completions.create(model="tiny-1", messages=MESSAGES)
    assert recorder.stop() == 0
    player = relay("http://127.0.0.1:9", route={"mode": "replay", "cassette": str(cassette)})
    client = sdk(player)
    assert client.chat.completions.create(model="tiny-1", messages=MESSAGES) == said
    with pytest.raises(openai.ConflictError, match="all have been given"):
        client.chat.completions.create(model="tiny-1", messages=MESSAGES)
    with pytest.raises(openai.NotFoundError, match="holds no recording of this request"):
        client.chat.completions.create(model="tiny-2", messages=MESSAGES)
    assert len(player.calls()) == 3


def test_the_ollama_client_streams_and_reads_errors(upstream, relay, token):
    lines = [
        {"model": "smol", "message": {"role": "assistant", "content": word}, "done": False}
        for word in ("Pa", "ris")
    ]
    last = {"model": "smol", "message": {"role": "assistant", "content": ""}, "done": True, "eval_count": 2}

    def answer(connection, seen):
        if b"absent" in seen.body:
            connection.json({"error": "model 'absent' not found"}, "404 Not Found")
            return
        connection.begin_chunks("application/x-ndjson")
        for line in [*lines, last]:
            connection.chunk(json.dumps(line).encode() + b"\n")
        connection.send(b"0\r\n\r\n")

    server = upstream(answer)
    front = relay(server.base, kind="ollama")
    client = ollama.Client(host=f"http://127.0.0.1:{front.port}/c/{token}")
    try:
        pieces = client.chat(model="smol", messages=MESSAGES, stream=True)
        assert "".join(piece.message.content for piece in pieces) == "Paris"
        with pytest.raises(ollama.ResponseError, match="model 'absent' not found"):
            client.chat(model="absent", messages=MESSAGES)
        down = relay("http://127.0.0.1:9", kind="ollama")
        other = ollama.Client(host=f"http://127.0.0.1:{down.port}/c/{token}")
        with pytest.raises(ollama.ResponseError, match="nothing listens there"):
            other.chat(model="smol", messages=MESSAGES)
        other._client.close()
    finally:
        client._client.close()
    assert [(call["error"], call["counted"], call["tokens"]["completion"]) for call in front.calls()] == [
        ("", True, 2),
        ("not_found", False, None),
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_streams(standing, events, token):
    _, front = standing(lambda connection, _seen: connection.stream(events(["Pa", "ris"])))
    url = f"http://127.0.0.1:{front.port}/c/{token}/v1/chat/completions"
    body = json.dumps({"model": "tiny-1", "messages": MESSAGES, "stream": True, "pad": "x" * (2 << 20)})
    ran = subprocess.run(
        ["curl", "--silent", "--show-error", "--no-buffer", "--fail", "--json", "@-", url],
        input=body.encode(),
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert ran.stdout == b"".join(events(["Pa", "ris"]))
    assert front.calls()[0]["counted"]
