"""Holds `mini-agent serve` against its own description with schemathesis, every check of it.

    python scripts/agent_fuzz.py --python /path/to/an/environment/with/schemathesis/bin/python --cases 2000

Prints schemathesis' own report and, last, one line of JSON: cases, failures, seconds. Exit code 0: nothing was found.
A model's server on loopback answers at once; everything else is the real service, with a token.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "fuzz-token"
OPERATIONS = 8
"""Paths of the description: each gets its share of the cases."""
USAGE = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}


class Model(BaseHTTPRequestHandler):
    """Says one word, whole or streamed."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.say("application/json", json.dumps({"data": [{"id": "small"}]}).encode())

    def do_POST(self) -> None:
        # Cases that name a tool server may meet this one.
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        if not asked.get("stream"):
            choice["message"] = {"role": "assistant", "content": "Hello"}
            self.say(
                "application/json",
                json.dumps({"model": "small", "choices": [choice], "usage": USAGE}).encode(),
            )
            return
        choice["delta"] = {"content": "Hello"}
        text = json.dumps({"model": "small", "choices": [choice], "usage": USAGE})
        self.say("text/event-stream", f"data: {text}\n\ndata: [DONE]\n\n".encode())

    def say(self, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


@contextmanager
def model_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@contextmanager
def service(base: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mini_agent", "serve", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "MINI_AGENT_API_BASE": base, "MINI_AGENT_TOKEN": TOKEN},
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()


def fuzz(python: str, url: str, cases: int, seed: int, phases: str) -> tuple[int, str]:
    """Exit code and output of schemathesis, in a folder of its own, where it leaves what it leaves."""
    words = [python, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", "all"]
    words += ["--phases", phases, "--max-examples", str(-(-cases // OPERATIONS)), "--seed", str(seed)]
    words += ["--header", f"Authorization: Bearer {TOKEN}", "--continue-on-failure", "--no-color"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="interpreter that has schemathesis")
    parser.add_argument("--cases", type=int, default=2000, help="cases to generate, in all (default 2000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    asked = parser.parse_args()
    began = time.monotonic()
    with model_server() as base, service(base) as url:
        code, output = fuzz(asked.python, url, asked.cases, asked.seed, asked.phases)
    print(output)
    generated = re.search(r"(\d+) generated", output)
    found = re.search(r"(\d+) unique failures?", output)
    summary = {
        "cases": int(generated[1]) if generated else 0,
        "failures": int(found[1]) if found else 0,
        "seconds": round(time.monotonic() - began, 1),
        "exit_code": code,
    }
    print(json.dumps(summary))
    return code


if __name__ == "__main__":
    sys.exit(main())
