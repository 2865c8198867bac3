"""When a client leaves, the run ends: the model call, the tool, and every process of it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CODE = (
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(300)', {mark!r}])"
)


def running(mark: str) -> list[int]:
    """Processes whose command line holds the mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def until(condition: Callable[[], object], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
def test_a_client_that_leaves_takes_the_tool_with_it(base: str, scripted: Callable[..., Any]) -> None:
    mark = f"teardown-{os.getpid()}-{time.monotonic_ns()}"
    call = {"tool_calls": [{"name": "run_python", "arguments": {"code": CODE.format(mark=mark)}}]}
    body = {"model": "scripted", "messages": scripted([call, "done"]), "tool_timeout": 60}
    data = json.dumps(body).encode()
    where = urlsplit(base)
    with socket.create_connection((where.hostname, where.port), 10) as client:
        head = f"POST /agent/run HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        client.sendall(head.encode() + data)
        assert until(lambda: running(mark), 15), "the tool was never started"
    assert until(lambda: not running(mark), 3), "the tool outlived its client"
