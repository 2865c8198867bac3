"""Small servers on loopback for what asks servers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from readiness.relay.call import Call, Tokens


@pytest.fixture
def call() -> Callable[..., Call]:
    """A counted chat of check `smokes`, changed by `changes`."""

    def make(**changes: Any) -> Call:
        facts: dict[str, Any] = {
            "at": "2026-01-01T00:00:00.000Z", "check": "smokes", "lane": "nd", "token": "t", "trial": None,
            "upstream": "model", "kind": "openai", "method": "POST", "path": "/v1/chat/completions", "model": "tiny",
            "model_answered": "tiny-1", "status": 200, "tokens": Tokens(7, 2), "seconds": 1.0, "ttft": 0.5, "bytes": 10,
            "request_key": "k", "response_key": "r", "generation": True, "counted": True,
        }  # fmt: skip
        failed = {"counted": False} if changes.get("error") else {}
        return Call(**{**facts, **failed, **changes})

    return make


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Start a server whose answers `answer(path, body)` gives as (status, headers, pieces); returns its base."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str, Any], tuple[int, dict[str, str], Any]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, headers, content = answer(self.path, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                pieces = content if isinstance(content, list) else [json.dumps(content).encode()]
                for piece in pieces:
                    self.wfile.write(piece() if callable(piece) else piece)
                    self.wfile.flush()

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
