"""mini_agent as a library: what it exports, what an import costs, and that a run closes what it opened."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import mini_agent
from mini_agent import Limits, Reply, RunResult, StopReason, ToolCall, ToolDefinition, ToolOutcome, run
from mini_agent.library import RunChoices
from mini_agent.loop.options import RunOptions

CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'}}
TOOL = {"name": "add", "description": "adds", "parameters": {"type": "object", "required": ["a", "b"]}}


@dataclass
class Server:
    """A model's and a tool's server in one, on loopback; `hang` makes the model silent until it is cleared."""

    base: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    silent: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, body: dict[str, Any]) -> Any:
        self.bodies.append(body)
        if path.endswith("/invoke"):
            return {"sum": body["arguments"]["a"] + body["arguments"]["b"]}
        has_result = body["messages"][-1]["role"] == "tool"
        call_first = body.get("tools") and not has_result
        message = {"role": "assistant", "content": None if call_first else "It is 5."}
        reason = "tool_calls" if call_first else "stop"
        choice = {"index": 0, "message": message | ({"tool_calls": [CALL]} if call_first else {})}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        return {
            "id": "x",
            "model": body["model"],
            "choices": [choice | {"finish_reason": reason}],
            "usage": usage,
        }


@pytest.fixture
def server() -> Iterator[Server]:
    state, released = Server(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            state.headers.append(self.headers.get("x-key"))
            self.give([{"type": "function", "function": TOOL}])

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if state.silent.is_set():
                released.wait(5)
                self.close_connection = True
            else:
                self.give(state.answer(self.path, body))

        def give(self, answer: Any) -> None:
            text = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.base = f"http://127.0.0.1:{http.server_port}"
        try:
            yield state
        finally:
            released.set()
            http.shutdown()
            thread.join()


def environ(server: Server) -> dict[str, str]:
    return {"MINI_AGENT_API_BASE": f"{server.base}/v1", "MINI_AGENT_TOOL_HTTP_HEADERS": '{"X-Key": "k"}'}


def settles(holds: Callable[[], bool]) -> bool:
    """The server lives in this process too, and closes its side a moment later."""
    limit = time.monotonic() + 5
    while not holds() and time.monotonic() < limit:
        time.sleep(0.01)
    return holds()


class Fixed:
    """A Model and a ToolBackend; closing it is the caller's business."""

    closed = 0

    async def reply(self, request: Any, on_text: Any = None) -> Reply:
        if request.messages[-1]["role"] == "tool":
            return Reply(f"It is {request.messages[-1]['content']}.", model=request.model)
        return Reply(tool_calls=(ToolCall("c", "add", '{"a": 2, "b": 3}'),))

    async def definitions(self) -> tuple[ToolDefinition, ...]:
        return (ToolDefinition(**TOOL),)

    async def invoke(self, call_id: str, name: str, arguments: Any, timeout: float) -> ToolOutcome:
        return ToolOutcome(True, str(arguments["a"] + arguments["b"]))

    async def aclose(self) -> None:
        self.closed += 1


def test_a_model_and_tools_that_are_handed_in_stay_open():
    fixed = Fixed()
    result = asyncio.run(run("What is 2 + 3?", fixed, fixed, model_name="mine"))
    assert isinstance(result, RunResult)
    assert (result.final_answer, result.metrics.used_model, fixed.closed) == ("It is 5.", "mine", 0)
    assert result.messages[0] == {"role": "user", "content": "What is 2 + 3?"}


def test_limits_and_options_arrive():
    fixed = Fixed()
    result = asyncio.run(run("x", fixed, fixed, Limits(max_iterations=1)))
    assert result.stopped_reason is StopReason.MAX_ITERATIONS
    result = asyncio.run(
        run("x", fixed, fixed, Limits(max_iterations=1), escalate_on_budget_exceeded=True, escalate_model="b")
    )
    assert (result.final_answer, result.metrics.used_model) == ("It is 5.", "b")


def test_a_named_model_and_kind_of_tools_are_opened_and_closed_again(server):
    async def one() -> tuple[RunResult, set[Any]]:
        before = asyncio.all_tasks()
        messages = [{"role": "user", "content": "What is 2 + 3?"}]
        result = await run(
            messages,
            "tiny",
            "http",
            tool_mode="native",
            tool_http_base_url=server.base,
            environ=environ(server),
        )
        return result, asyncio.all_tasks() - before

    asyncio.run(one())
    files = len(os.listdir("/dev/fd"))
    result, left = asyncio.run(one())
    assert (result.ok, result.final_answer, result.metrics.tokens.total) == (True, "It is 5.", 24)
    assert json.loads(result.last_tool_invocation.outcome.content) == {"sum": 5}
    assert server.headers == ["k", "k"]
    assert left == set()
    assert settles(lambda: len(os.listdir("/dev/fd")) <= files), "a socket is left open"


def test_cancelling_closes_too_and_at_once(server):
    server.silent.set()

    async def one() -> float:
        task = asyncio.create_task(run("x", "tiny", environ=environ(server)))
        await asyncio.sleep(0.1)
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return time.monotonic() - start

    assert statistics.median(asyncio.run(one()) for _ in range(3)) < 0.25


def test_a_hung_server_is_interrupted_by_the_clock(server):
    server.silent.set()
    limits, taken = Limits(max_total_seconds=0.1), []
    for _ in range(3):
        start = time.monotonic()
        result = asyncio.run(run("x", "tiny", limits=limits, environ=environ(server)))
        taken.append(time.monotonic() - start)
        assert result.stopped_reason is StopReason.BUDGET_SECONDS
    assert statistics.median(taken) < 0.1 + 0.25


def test_a_stand_in_is_named():
    result = asyncio.run(run("Say this.", "echo", environ={"MINI_AGENT_OPENAI_SHIM_MODE": "echo"}))
    assert (result.ok, result.stand_in) == (True, "echo")


def test_no_model_server_is_a_result_that_says_so():
    result = asyncio.run(run("x", "tiny", environ={}))
    assert result.stopped_reason is StopReason.MODEL_ERROR
    assert "MINI_AGENT_API_BASE" in result.error


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"messages": []}, "messages must not be empty"),
        ({"model": ""}, "model must be a name or a Model"),
        ({"tools": "http"}, "tool_http_base_url"),
        ({"tools": "https"}, "tool_backend"),
        ({"environ": {"MINI_AGENT_API_BASE": "nonsense"}}, "MINI_AGENT_API_BASE"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        asyncio.run(run(**({"messages": "x", "model": "m", "environ": {}} | given)))


def test_every_option_of_a_run_can_be_given():
    fields = set(RunOptions.__dataclass_fields__) - {"model", "limits"}
    assert set(RunChoices.__annotations__) == fields


def test_every_name_is_there_when_it_is_asked_for():
    homes = {name for names in mini_agent._HOMES.values() for name in names}
    assert sorted(homes) == sorted(mini_agent.__all__)
    for name in mini_agent.__all__:
        assert getattr(mini_agent, name) is not None
        assert name in dir(mini_agent)
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        mini_agent.runn  # noqa: B018


def test_the_import_costs_next_to_nothing():
    program = (
        "import sys, time; start = time.process_time(); import mini_agent;"
        "print(time.process_time() - start, *(n for n in ('asyncio', 'dataclasses', 'json') if n in sys.modules))"
    )
    seconds, *heavy = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(mini_agent.__file__))},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert heavy == []
    assert float(seconds) < 0.1


def test_a_run_imports_none_of_the_servers_packages():
    program = (
        "import sys, asyncio, mini_agent\n"
        "async def go():\n"
        "    await mini_agent.run('x', 'echo', environ={'MINI_AGENT_OPENAI_SHIM_MODE': 'echo'})\n"
        "asyncio.run(go())\n"
        "print(*(n for n in ('pydantic', 'starlette', 'uvicorn', 'mcp', 'jsonschema', 'opentelemetry') if n in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_the_example_in_the_docs_prints_what_they_say():
    page = Path(__file__).resolve().parents[2].joinpath("docs/agent-loop.md").read_text()
    program = page.partition("```python\n")[2].partition("```")[0]
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"it prints `{ran.stdout.strip()}`" in page


def test_the_docs_name_every_way_in_which_a_run_ends():
    page = Path(__file__).resolve().parents[2].joinpath("docs/agent-loop.md").read_text()
    assert [one for one in StopReason if f"| `{one}` |" not in page] == []
