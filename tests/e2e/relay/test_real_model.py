"""The embedded model itself, recorded once and replayed where nothing but loopback is left."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import threading

import pytest

from readiness.relay.identify import identify
from readiness.relay.meter import meter, read_calls
from readiness.relay.preflight import preflight

if importlib.util.find_spec("xllamacpp") is None:
    pytest.skip("the extra `model` is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def engine():
    """The base of a running embedded model."""
    listed = subprocess.run(
        [sys.executable, "-m", "readiness", "model", "list"], capture_output=True, text=True, check=True
    )
    if " here " not in listed.stdout:
        pytest.skip("the weights are not here: readiness model pull")
    command = [sys.executable, "-m", "readiness", "model", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = None
    for line in process.stdout:
        if found := re.search(r"listening on (http://\S+)", line):
            break
    assert found, f"the model does not serve: exit code {process.poll()}"
    threading.Thread(target=process.stdout.read, daemon=True).start()
    yield found[1].rstrip("/")
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture
def requests():
    """Three OpenAI chats, one of them streamed, and an Ollama one, at a temperature that leaves much to chance."""
    messages = [{"role": "user", "content": "Name a colour and say why you like it."}]
    base = {"model": "smollm2:135m", "messages": messages, "max_tokens": 24, "temperature": 1.0}
    return [
        ("/v1/chat/completions", {**base, "seed": 1}),
        (
            "/v1/chat/completions",
            {**base, "seed": 2, "stream": True, "stream_options": {"include_usage": True}},
        ),
        ("/v1/chat/completions", {**base, "seed": 1}),
        (
            "/api/chat",
            {"model": "smollm2:135m", "messages": messages, "options": {"num_predict": 24, "seed": 3}},
        ),
    ]


def test_a_real_model_proves_itself_and_its_calls_count(engine, relay, requests):
    found = identify("ollama", engine, "smollm2:135m")
    assert found.problem == ""
    assert len(found.identity["digest"].removeprefix("sha256:")) == 64
    front = relay(engine, kind="ollama", server={"model": dict(found.identity)})
    for path, body in requests:
        assert front.ask(path, body)[0] == 200
    seen = meter(read_calls(str(front.calls_file)), "smokes")
    assert (seen.calls, seen.counted, seen.stand_ins, seen.lost) == (4, 4, 0, ())
    assert seen.tokens.completion is not None
    assert seen.tokens.completion >= 20
    [repeat] = seen.repeats
    assert (repeat.calls, repeat.answers, repeat.seed) == (2, 1, 1), "one seed, one answer"
    assert {call["identity"]["digest"] for call in front.calls()} == {found.identity["digest"]}


def test_a_recording_of_a_real_model_replays_without_network_byte_for_byte(
    engine, relay, requests, token, tmp_path
):
    unshare = ["unshare", "--user", "--net", "--map-root-user"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no network namespace")
    cassette = tmp_path / "c.yaml"
    recorder = relay(engine, kind="ollama", route={"mode": "record", "cassette": str(cassette)})
    recorded = [recorder.ask(path, body)[2] for path, body in requests]
    assert recorder.stop() == 0
    route = {"check": "c", "lane": "core", "upstream": "model", "mode": "replay", "cassette": str(cassette)}
    plan = {"upstreams": {"model": {"kind": "ollama", "base": engine}}, "routes": {token: route}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    (tmp_path / "requests.json").write_text(json.dumps(requests))
    (tmp_path / "inside.py").write_text(INSIDE)
    rounds = []
    for number in ("1", "2"):
        words = [*unshare, sys.executable, "inside.py", token, number]
        ran = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        rounds.append(ran.stdout)
        calls = read_calls(str(tmp_path / f"calls-{number}"))
        assert [(call.replay, call.counted) for call in calls] == [(True, False)] * 4
    assert rounds[0] == rounds[1]
    assert rounds[0] == b"".join(recorded)


INSIDE = """
import http.client, json, os, subprocess, sys, time
token, number = sys.argv[1:]
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
words = ["--plan", "plan.json", "--calls", f"calls-{number}", "--ready", f"ready-{number}"]
relay = subprocess.Popen([sys.executable, "-m", "readiness.relay", *words])
while not os.path.exists(f"ready-{number}"):
    time.sleep(0.01)
with open(f"ready-{number}") as ready, open("requests.json") as requests:
    port = json.load(ready)["port"]
    asked = json.load(requests)
for path, body in asked:
    client = http.client.HTTPConnection("127.0.0.1", port)
    client.request("POST", f"/c/{token}{path}", json.dumps(body))
    sys.stdout.buffer.write(client.getresponse().read())
relay.terminate()
sys.exit(relay.wait())
"""


def test_what_the_embedded_model_can_do_is_found_out(engine):
    asked = preflight(engine, "openai", "smollm2:135m", ("seed", "schema", "streaming", "concurrency")).asked
    answers = {one.name: one.answer for one in asked}
    assert {name: answers[name] for name in ("seed", "schema", "streaming")} == dict.fromkeys(
        ("seed", "schema", "streaming"), "yes"
    ), asked
    assert answers["concurrency"] in ("yes", "no"), asked
