"""Record in front of a server, replay without one: the same bytes, and never evidence."""

from __future__ import annotations

import json
import time

import pytest

CHAT = "/v1/chat/completions"


def ask(text: str = "hi", **more: object) -> dict[str, object]:
    return {"model": "tiny-1", "messages": [{"role": "user", "content": text}], **more}


def raw(token: str, body: object, trial: str = "") -> bytes:
    data = json.dumps(body).encode()
    head = f"POST /c/{token}{trial}{CHAT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


@pytest.fixture
def cassette(tmp_path):
    return tmp_path / "tapes" / "smokes.yaml"


@pytest.fixture
def record(relay, cassette):
    def start(base, **more):
        return relay(base, route={"mode": "record", "cassette": str(cassette)}, **more)

    return start


@pytest.fixture
def replay(relay, cassette):
    """Port 9 of loopback answers nobody: whatever comes back comes from the cassette."""

    def start(**more):
        route = {"mode": "replay", "cassette": str(cassette), "lane": "core"}
        return relay("http://127.0.0.1:9", route=route, **more)

    return start


@pytest.fixture
def counting(upstream, chat, events):
    """An upstream that never says the same twice."""
    number = iter(range(1000))

    def answer(connection, seen):
        if b'"stream": true' in seen.body:
            connection.stream(events([f"w{next(number)}", "é", "\N{PARTY POPPER}"]), pause=0.02)
        else:
            connection.json(chat(f"answer {next(number)}\n\twith\r\nlines"))

    return upstream(answer)


def test_a_recording_replays_byte_for_byte_twice(record, replay, counting, cassette, token):
    asked = [ask(), ask(), ask(stream=True), ask("other", seed=3), ask()]
    recorder = record(counting.base)
    recorded = [recorder.ask(CHAT, one)[2] for one in asked]
    assert recorder.stop() == 0
    assert len(set(recorded)) == len(asked)
    kept = cassette.read_bytes()

    rounds = []
    for _ in range(2):
        player = replay()
        time.sleep(1.1)  # a clock that showed in the answer would show now
        rounds.append([player.raw(raw(token, one)) for one in asked])
        assert player.stop() == 0
        assert {
            (call["counted"], call["replay"], call["stand_in"], call["error"]) for call in player.calls()
        } == {(False, True, True, "")}
    assert rounds[0] == rounds[1], "with their heads"
    assert all(b"X-Stand-In: replay\r\n" in answer for answer in rounds[0])
    player = replay()
    assert [player.ask(CHAT, one)[2] for one in asked] == recorded, "the bytes that the server sent"
    assert cassette.read_bytes() == kept


def test_the_order_of_keys_and_who_asks_do_not_matter(record, replay, counting):
    recorder = record(counting.base)
    body = recorder.ask(CHAT, ask(user="anna", seed=1))[2]
    recorder.stop()
    turned = dict(reversed(list(ask(user="ben", seed=1).items())))
    assert replay().ask(CHAT, turned)[2] == body


def test_a_cassette_is_for_reading(record, counting, cassette):
    recorder = record(counting.base, server={"model": {"name": "tiny-1", "digest": "abc"}})
    recorder.ask(CHAT, ask("first line\nsecond line"))
    recorder.ask(CHAT, ask(stream=True))
    recorder.stop()
    text = cassette.read_text()
    assert "content: |-\n        first line\n        second line\n" in text
    assert "digest: abc" in text
    assert "🎉" in text or "\\ud83c" in text
    assert text.count("- after: ") >= 3, "each piece of the stream with its time"


def test_a_missing_recording_names_the_nearest(record, replay, counting):
    recorder = record(counting.base)
    recorder.ask(CHAT, ask("the capital of France?", seed=1))
    recorder.ask(CHAT, ask("write a poem", seed=2))
    recorder.stop()
    player = replay()
    status, fields, body = player.ask(CHAT, ask("the capital of Spain?", seed=1))
    message = json.loads(body)["error"]["message"]
    assert (status, fields["X-Should-Retry"]) == (404, "false")
    assert (
        'differs in body.messages[0].content: asked "the capital of Spain?", recorded "the capital of France?"'
        in message
    )
    [call] = player.calls()
    assert (call["error"], call["counted"], call["replay"]) == ("no_recording", False, True)


def test_recordings_do_not_come_round_again(record, replay, counting):
    recorder = record(counting.base)
    recorder.ask(CHAT, ask())
    recorder.stop()
    player = replay()
    assert player.ask(CHAT, ask())[0] == 200
    status, fields, body = player.ask(CHAT, ask())
    assert (status, fields["X-Should-Retry"]) == (409, "false")
    assert (
        "holds 1 recording(s) of this request, and all have been given"
        in json.loads(body)["error"]["message"]
    )


def test_trials_keep_their_answers_in_any_order(record, replay, counting):
    recorder = record(counting.base)
    bodies = {trial: recorder.ask(f"/t/{trial}{CHAT}", ask())[2] for trial in (0, 1, 2)}
    recorder.stop()
    player = replay()
    assert {trial: player.ask(f"/t/{trial}{CHAT}", ask())[2] for trial in (2, 0, 1)} == {
        trial: bodies[trial] for trial in (2, 0, 1)
    }
    status, _, body = player.ask(f"/t/7{CHAT}", ask())
    assert status == 404
    assert "none of trial 7" in json.loads(body)["error"]["message"]
    assert [player.ask(CHAT, ask())[2] for _ in range(3)] == list(bodies.values()), (
        "without a trial: all, in order"
    )


def test_an_error_answer_is_recorded_and_a_broken_one_is_not(record, replay, upstream):
    def answer(connection, seen):
        if b"broken" in seen.body:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
            connection.close()
        else:
            connection.json({"error": {"message": "slow"}}, "429 Too Many Requests", **{"Retry-After": "3"})

    recorder = record(upstream(answer).base)
    recorder.ask(CHAT, ask())
    with pytest.raises(Exception, match="IncompleteRead"):
        recorder.ask(CHAT, ask("broken"))
    recorder.stop()
    player = replay()
    status, fields, body = player.ask(CHAT, ask())
    assert (status, fields["Retry-After"], json.loads(body)) == (429, "3", {"error": {"message": "slow"}})
    assert player.ask(CHAT, ask("broken"))[0] == 404


def test_a_recording_without_calls_leaves_the_old_cassette(record, counting, cassette):
    recorder = record(counting.base)
    recorder.ask(CHAT, ask())
    recorder.stop()
    kept = cassette.read_bytes()
    assert record(counting.base).stop() == 0
    assert cassette.read_bytes() == kept
    assert [path.name for path in cassette.parent.iterdir()] == [cassette.name]


def test_what_is_no_text_survives(record, replay, upstream):
    body = bytes(range(256)) * 5
    recorder = record(
        upstream(lambda connection, _seen: connection.whole(body, **{"Content-Type": "audio/mpeg"})).base
    )
    recorder.ask("/v1/audio/speech", {"input": "hi"})
    recorder.stop()
    _, fields, played = replay().ask("/v1/audio/speech", {"input": "hi"})
    assert (played, fields["Content-Type"]) == (body, "audio/mpeg")


def test_it_replays_where_there_is_no_network(record, counting, cassette, token, tmp_path):
    """In a network namespace of its own, with loopback alone, where the machine allows one."""
    import subprocess
    import sys

    unshare = ["unshare", "--user", "--net", "--map-root-user"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no network namespace")
    recorder = record(counting.base)
    body = recorder.ask(CHAT, ask())[2]
    recorder.stop()
    plan = {
        "upstreams": {"model": {"kind": "openai", "base": "https://api.openai.com/v1"}},
        "routes": {
            token: {
                "check": "c",
                "lane": "core",
                "upstream": "model",
                "mode": "replay",
                "cassette": str(cassette),
            }
        },
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    inside = f"""
import http.client, json, os, subprocess, sys, time
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
relay = subprocess.Popen([sys.executable, "-m", "readiness.relay", "--plan", "plan.json", "--calls", "c", "--ready", "r"])
while not os.path.exists("r"):
    time.sleep(0.01)
client = http.client.HTTPConnection("127.0.0.1", json.load(open("r"))["port"])
client.request("POST", "/c/{token}{CHAT}", {json.dumps(ask())!r})
sys.stdout.buffer.write(client.getresponse().read())
relay.terminate()
sys.exit(relay.wait())
"""
    ran = subprocess.run(
        [*unshare, sys.executable, "-c", inside], cwd=tmp_path, capture_output=True, timeout=30, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, body), ran.stderr
