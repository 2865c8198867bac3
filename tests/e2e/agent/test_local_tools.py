"""Generated code through the running service: what comes back, and what is left when its client leaves or it stops.

The stand-in `dummy` calls what it is told to call, so that the code is known.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@pytest.fixture(scope="module")
def dummy(serving_process: Callable[..., Any]) -> Iterator[Any]:
    with serving_process(MINI_AGENT_ALLOW_DUMMY="1", MINI_AGENT_STOP_SECONDS="0.5") as served:
        if not run(served.url, told("run_python", code="print(1)"))["ok"]:
            pytest.skip("no sandbox holds on this machine")
        yield served


def told(name: str, **arguments: str) -> str:
    return json.dumps({"calls": [{"name": name, "arguments": arguments}]})


def body(text: str, **fields: object) -> bytes:
    asked = {
        "messages": [{"role": "user", "content": text}],
        "model": "dummy",
        "tool_backend": "local",
        **fields,
    }
    return json.dumps(asked).encode()


def run(url: str, text: str, **fields: object) -> Any:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/agent/run", body(text, **fields), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return {"ok": False, "status": refused.code, **json.loads(refused.read())}


def below(pid: int) -> list[int]:
    """All processes that descend from this one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_code_runs_and_its_output_comes_back(dummy: Any) -> None:
    found = run(
        dummy.url,
        told("run_python", code="import sys; print(17 * 23); print('oh', file=sys.stderr); sys.exit(3)"),
    )
    invocation = found["last_tool_invocation"]
    assert (invocation["rc"], invocation["stdout"], invocation["stderr"]) == (3, "391\n", "oh\n")
    assert "391" in found["final_answer"]


def test_a_command_runs_without_a_shell(dummy: Any) -> None:
    found = run(dummy.url, told("run_shell", command="echo a; echo $HOME"))
    assert found["last_tool_invocation"]["stdout"] in ("", "a; echo $HOME\n")


def test_code_sees_neither_the_network_nor_the_services_secrets(dummy: Any) -> None:
    code = (
        "import os, socket\n"
        "print(sorted(name for name in os.environ if 'MINI_AGENT' in name))\n"
        f"try:\n    socket.create_connection(('127.0.0.1', {dummy.port}), 2); print('connected')\n"
        "except OSError as error:\n    print('no')\n"
    )
    assert run(dummy.url, told("run_python", code=code))["last_tool_invocation"]["stdout"] == "[]\nno\n"


def test_code_that_hangs_ends_with_its_time(dummy: Any) -> None:
    began = time.monotonic()
    found = run(dummy.url, told("run_python", code="import time; time.sleep(60)"), tool_timeout=0.5)
    assert not found["last_tool_invocation"]["ok"]
    assert time.monotonic() - began < 15
    assert until(lambda: below(dummy.pid) == [])


TREE = """
import subprocess, sys, time
for _ in range(3):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
time.sleep(60)
"""


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_ends_the_whole_tree(dummy: Any, stream: bool) -> None:
    assert until(lambda: below(dummy.pid) == [])
    asked = body(told("run_python", code=TREE), stream=stream, tool_timeout=60)
    head = f"POST /agent/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(asked)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", dummy.port)) as client:
        client.sendall(head.encode() + asked)
        assert until(lambda: len(below(dummy.pid)) >= 5), below(dummy.pid)
    gone = time.monotonic()
    assert until(lambda: below(dummy.pid) == []), below(dummy.pid)
    assert time.monotonic() - gone < 2


def test_a_service_that_stops_leaves_no_process(serving_process: Callable[..., Any]) -> None:
    with serving_process(MINI_AGENT_ALLOW_DUMMY="1", MINI_AGENT_STOP_SECONDS="0.3") as served:
        asked = body(told("run_python", code=TREE), tool_timeout=60)
        head = f"POST /agent/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(asked)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(head.encode() + asked)
            assert until(lambda: len(below(served.pid)) >= 5), below(served.pid)
            tree = below(served.pid)
            served.stop()
            assert until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in tree))
