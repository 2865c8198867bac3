"""`mini-agent serve` as a process: soon ready, and gone when it is told to go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

RUN = {"messages": [{"role": "user", "content": "private words"}], "model": "small", "tool_backend": "none"}


def ask(url: str, body: object = None, **headers: str):
    data = None if body is None else json.dumps(body).encode()
    named = {"content-type": "application/json", **headers}
    request = urllib.request.Request(url, data, named)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def test_it_is_ready_soon_and_stops_when_told(serving):
    with serving() as server:
        cpu = os.times()
        assert ask(server.url + "/ready") == (200, {"ok": True})
        assert server.seconds < 5
        status, body = ask(server.url + "/healthz")
        assert (status, f"http://{body['host']}:{body['port']}") == (200, server.url)
        assert server.stop() == 0
        assert os.times().user - cpu.user < 5


def test_an_answer_goes_all_the_way(serving, model):
    with serving() as server:
        status, body = ask(server.url + "/agent/run", RUN)
        assert (status, body["final_answer"]) == (200, "It is Paris.")
        assert ask(server.url + "/v1/models")[1]["data"][0]["id"] == "small"


def test_a_token_from_a_file(serving, tmp_path):
    file = tmp_path / "token"
    file.write_text("file-token\n")
    with serving("--token-file", str(file), "--host", "127.0.0.1") as server:
        assert ask(server.url + "/healthz")[0] == 401
        assert ask(server.url + "/healthz", authorization="Bearer file-token")[0] == 200
        assert ask(server.url + "/ready")[0] == 200


def test_beyond_loopback_a_token_is_asked_for_and_any_host_may_be_named(serving):
    with serving("--host", "0.0.0.0", MINI_AGENT_TOKEN="open-token") as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        assert ask(url + "/healthz", host="agent.example")[0] == 401
        assert ask(url + "/healthz", host="agent.example", authorization="Bearer open-token")[0] == 200


def test_a_run_leaves_one_line_without_what_was_said(serving, tmp_path):
    path = tmp_path / "traces" / "runs.jsonl"
    with serving(MINI_AGENT_STORE_TRACES="1", MINI_AGENT_STORE_PATH=str(path)) as server:
        ask(server.url + "/agent/run", RUN, **{"x-readiness-trace": "t-1"})
        ask(server.url + "/agent/run", RUN)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(one["trace"], one["request_class"]) for one in lines] == [
        ("t-1", "agent/none/whole"),
        ("", "agent/none/whole"),
    ]
    assert "private words" not in path.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_ends_within_the_deadline(serving, model, number):
    model.hold = threading.Event()
    with serving(MINI_AGENT_STOP_SECONDS="0.3") as server:
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.append(ask(server.url + "/agent/run", RUN)))
        thread.start()
        deadline = time.monotonic() + 10
        while not model.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        began = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - began < 3
        thread.join(5)
        model.hold.set()
    assert found[0][0] == 503


def test_nothing_is_written_but_the_address(serving):
    with serving() as server:
        ask(server.url + "/agent/run", RUN)
        ask(server.url + "/nowhere")
        server.stop()
        assert server.process.stdout.read() == ""
        assert "WARNING" not in server.process.stderr.read().replace("local tools are refused here", "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_question_that_is_interrupted_ends_in_order(environment, model, number, code):
    model.hold = threading.Event()
    words = [sys.executable, "-m", "mini_agent", "run", "--tools", "none", "x"]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 20
        while not model.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(15) == code
        assert "Traceback" not in process.stderr.read()
    model.hold.set()
