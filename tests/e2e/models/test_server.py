"""The server as a process: start, curl, company, clients that leave, and its end."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest


def post(url: str, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{url}{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answered:
        return json.load(answered)


def get(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}{path}", timeout=20) as answered:
        return json.load(answered)


def chat(server: Any, prompt: str, seed: int, limit: int = 16) -> str:
    body = {
        "model": server.model,
        "messages": [{"role": "user", "content": prompt}],
        "seed": seed,
        "max_tokens": limit,
    }
    return str(post(server.url, "/v1/chat/completions", body)["choices"][0]["message"]["content"])


def until_idle(server: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while get(server.url, "/healthz")["running"]:
        assert time.monotonic() < deadline, "an abandoned answer still holds its slot"
        time.sleep(0.05)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_streams_lines_as_they_are_made(server: Any) -> None:
    body = json.dumps(
        {"model": server.model, "prompt": "Count to ten.", "options": {"num_predict": 16, "seed": 1}}
    )
    command = ["curl", "-sN", f"{server.url}/api/generate", "-d", body]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as curl:
        assert curl.stdout is not None
        arrived = [(time.monotonic(), json.loads(line)) for line in curl.stdout]
    assert curl.returncode == 0
    assert arrived[-1][1]["done"] is True
    assert arrived[-1][0] - arrived[0][0] > 0.02, "all lines came at once: something buffers"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_holds_a_schema_repeats_a_seed_and_reads_errors(server: Any) -> None:
    def curl(**fields: Any) -> tuple[int, Any]:
        asked = {"model": server.model, "prompt": "A person.", "stream": False, **fields}
        words = ["curl", "-s", "-w", "\n%{http_code}", f"{server.url}/api/generate", "-d", json.dumps(asked)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    schema = {
        "type": "object",
        "properties": {"age": {"type": "integer", "minimum": 0, "maximum": 99}},
        "required": ["age"],
        "additionalProperties": False,
    }
    assert list(json.loads(curl(format=schema, options={"num_predict": 40})[1]["response"])) == ["age"]
    said = [
        curl(options={"seed": seed, "num_predict": 12, "temperature": 1})[1]["response"]
        for seed in (3, 3, 4, 5)
    ]
    assert said[0] == said[1]
    assert len(set(said)) > 1
    assert curl(model="nope") == (404, {"error": "model 'nope' not found"})


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_gets_server_sent_events(server: Any) -> None:
    body = json.dumps(
        {
            "model": server.model,
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
            "max_tokens": 4,
        }
    )
    done = subprocess.run(
        [
            "curl",
            "-sN",
            f"{server.url}/v1/chat/completions",
            "-H",
            "content-type: application/json",
            "-d",
            body,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    events = done.stdout.strip().split("\n\n")
    assert events[-1] == "data: [DONE]"
    assert all(
        json.loads(event.removeprefix("data: "))["object"] == "chat.completion.chunk" for event in events[:-1]
    )


def test_the_same_seed_gives_the_same_text_alone_and_beside_three_others(server: Any) -> None:
    jobs = [
        (f"Write about {thing}.", seed)
        for thing in ("rain", "a very old house by the river")
        for seed in (1, 2)
    ]
    alone = [chat(server, *job) for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda job: chat(server, *job), jobs)) == alone


def test_a_client_that_leaves_frees_its_slot(server: Any) -> None:
    address = urlsplit(server.url)
    for stream, prompt in (
        (True, "Tell a long story."),
        (False, "Tell a long story."),
        (True, "unseen " * 1500),
    ):
        body = json.dumps(
            {"model": server.model, "prompt": prompt, "stream": stream, "options": {"num_predict": 1500}}
        ).encode()
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(
                b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
                + body
            )
            while not get(server.url, "/healthz")["running"]:
                time.sleep(0.02)
        until_idle(server)


def test_it_proves_who_it_is(server: Any) -> None:
    health = get(server.url, "/healthz?nonce=n1")
    assert health["pid"] == server.process.pid
    assert health["proof"] == hmac.new(b"test-token", b"n1", hashlib.sha256).hexdigest()


def test_it_listens_on_loopback_only_and_nowhere_else(server: Any) -> None:
    inodes = set()
    for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
        target = os.readlink(link)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = [
        row.split()
        for name in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    listening = [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]
    port = urlsplit(server.url).port
    assert listening == [f"0100007F:{port:04X}"]


def test_memory_is_modest(server: Any) -> None:
    assert server.memory_mb < 500


def test_term_ends_it_at_once_when_idle_and_soon_when_busy(start_server: Any) -> None:
    with start_server("--name", "mine", "--stop-seconds", "1") as mine:
        assert get(mine.url, "/api/tags")["models"][0]["name"] == "mine"
        address = urlsplit(mine.url)
        body = json.dumps(
            {"model": "mine", "prompt": "Tell a long story.", "options": {"num_predict": 2000}}
        ).encode()
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(
                b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
                + body
            )
            assert b"200 OK" in client.recv(100)
            began = time.monotonic()
            mine.process.send_signal(signal.SIGTERM)
            assert mine.process.wait(timeout=15) == 0
    assert time.monotonic() - began < 8
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address.hostname, address.port), timeout=2)
