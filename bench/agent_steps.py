"""How many steps a second the loop makes, next to pydantic-ai and openai-agents.

    .venv/bin/python bench/agent_steps.py [--rounds N] [--write] [--peers FOLDER]

A step is one call of the model and the tool call that it asks for. Each run is ten steps: nine calls of one trivial
tool, then the answer. All ask the same OpenAI-compatible server on loopback, which answers at once, is a process of its
own, and counts: a round whose count is not exactly runs times steps is no result. They take turns in one run. `no loop`
posts the same conversations with httpx2's client as a plain program would, without a loop, limits or checks. `in
process` leaves the network out as well: the model is a Python function. CPU is the client process's own. The peers are
installed from the package index into an environment of their own; tracing is off in all.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).with_name("agent-steps-results.json")
PEERS = ("pydantic-ai-slim[openai]", "openai-agents")
STEPS = 10
RUNS = 20
CONCURRENCIES = (1, 16)

STUB = f"""
import asyncio, json, sys
count = 0
def reply(request):
    global count
    if request.startswith(b"GET"):
        return json.dumps({{"count": count}}).encode()
    count += 1
    body = json.loads(request.partition(b"\\r\\n\\r\\n")[2])
    done = sum(one["role"] == "tool" for one in body["messages"])
    if done < {STEPS} - 1:
        call = {{"id": f"call_{{done}}", "type": "function",
                "function": {{"name": "add", "arguments": json.dumps({{"a": done, "b": 1}})}}}}
        message, why = {{"role": "assistant", "content": None, "tool_calls": [call]}}, "tool_calls"
    else:
        message, why = {{"role": "assistant", "content": "The sum is " + str(body["messages"][-1]["content"])}}, "stop"
    return json.dumps({{"id": f"x{{count}}", "object": "chat.completion", "created": 1, "model": body["model"],
        "choices": [{{"index": 0, "message": message, "finish_reason": why}}],
        "usage": {{"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}}}).encode()
class Stub(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.held = transport, b""
    def data_received(self, data):
        self.held += data
        while True:
            head, found, rest = self.held.partition(b"\\r\\n\\r\\n")
            if not found:
                return
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\\r\\n")[1:])
            size = int(fields.get(b"content-length", 0))
            if len(rest) < size:
                return
            body = reply(head + found + rest[:size])
            self.held = rest[size:]
            head = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body)
            self.transport.write(head + body)
async def main():
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""

WORKER = f"""
import asyncio, json, sys, time
BASE, STEPS = sys.argv[1], {STEPS}
QUESTION = "Add one to each number."
ANSWER = f"The sum is {{STEPS - 1}}"
async def rounds(run):
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        runs, concurrency = json.loads(line)
        left = iter(range(runs))
        async def client():
            for _ in left:
                answer = await run()
                if answer != ANSWER:
                    raise SystemExit(f"answered {{answer!r}}")
        start, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(client() for _ in range(concurrency)))
        print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]), flush=True)
"""

BARE = """
import httpx2
async def main():
    async with httpx2.AsyncClient(timeout=30) as client:
        async def run():
            messages = [{"role": "user", "content": QUESTION}]
            while True:
                answer = await client.post(f"{BASE}/chat/completions", json={"model": "tiny", "messages": messages})
                message = answer.json()["choices"][0]["message"]
                messages.append(message)
                for call in message.get("tool_calls") or ():
                    given = json.loads(call["function"]["arguments"])
                    result = {"role": "tool", "tool_call_id": call["id"], "content": str(given["a"] + given["b"])}
                    messages.append(result)
                if message["content"]:
                    return message["content"]
        await rounds(run)
asyncio.run(main())
"""

OURS = """
from mini_agent import Limits, Reply, ToolCall, ToolDefinition, ToolOutcome, Usage
from mini_agent.loop.agent import RunOptions, run_agent
NUMBERS = {"a": {"type": "integer"}, "b": {"type": "integer"}}
ADD = ToolDefinition("add", "Adds.", {"type": "object", "properties": NUMBERS, "required": ["a", "b"]})
class Tools:
    async def definitions(self):
        return (ADD,)
    async def invoke(self, call_id, name, arguments, timeout):
        return ToolOutcome(True, str(arguments["a"] + arguments["b"]))
    async def aclose(self):
        pass
OPTIONS = RunOptions("tiny", Limits(max_iterations=STEPS + 1, max_total_seconds=60), tool_mode="native")
async def main(model):
    async def run():
        result = await run_agent([{"role": "user", "content": QUESTION}], OPTIONS, model, Tools())
        return result.final_answer or result.error
    await rounds(run)
    await model.aclose()
"""
OURS_OVER_HTTP = """
from mini_agent.model.open import open_model
from mini_agent.model.settings import ModelSettings
asyncio.run(main(open_model(ModelSettings.from_environment({"MINI_AGENT_API_BASE": BASE}))))
"""
OURS_IN_PROCESS = """
class Instant:
    async def reply(self, request, on_text=None):
        done = sum(one["role"] == "tool" for one in request.messages)
        if done < STEPS - 1:
            calls = (ToolCall(f"call_{done}", "add", json.dumps({"a": done, "b": 1})),)
            return Reply(tool_calls=calls, usage=Usage(10, 5))
        return Reply(f"The sum is {request.messages[-1]['content']}", usage=Usage(10, 5))
    async def aclose(self):
        pass
asyncio.run(main(Instant()))
"""

PYDANTIC_AI = """
from pydantic_ai import Agent
def agent_of(model):
    agent = Agent(model)
    @agent.tool_plain
    def add(a: int, b: int) -> int:
        "Adds."
        return a + b
    return agent
async def main(model):
    agent = agent_of(model)
    async def run():
        return (await agent.run(QUESTION)).output
    await rounds(run)
"""
PYDANTIC_AI_OVER_HTTP = """
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
asyncio.run(main(OpenAIChatModel("tiny", provider=OpenAIProvider(base_url=BASE, api_key="none"))))
"""
PYDANTIC_AI_IN_PROCESS = """
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import FunctionModel
def reply(messages, info):
    returned = [part for one in messages for part in one.parts if isinstance(part, ToolReturnPart)]
    if len(returned) < STEPS - 1:
        done = len(returned)
        return ModelResponse(parts=[ToolCallPart("add", json.dumps({"a": done, "b": 1}), f"call_{done}")])
    return ModelResponse(parts=[TextPart(f"The sum is {returned[-1].content}")])
asyncio.run(main(FunctionModel(reply)))
"""

OPENAI_AGENTS = """
from agents import Agent, Model, ModelResponse, OpenAIChatCompletionsModel, Runner, Usage, function_tool
from agents import set_tracing_disabled
set_tracing_disabled(True)
@function_tool
def add(a: int, b: int) -> int:
    "Adds."
    return a + b
async def main(model):
    agent = Agent(name="bench", model=model, tools=[add])
    async def run():
        return (await Runner.run(agent, QUESTION, max_turns=STEPS + 1)).final_output
    await rounds(run)
"""
OPENAI_AGENTS_OVER_HTTP = """
from openai import AsyncOpenAI
asyncio.run(main(OpenAIChatCompletionsModel("tiny", AsyncOpenAI(base_url=BASE, api_key="none"))))
"""
OPENAI_AGENTS_IN_PROCESS = """
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
class Instant(Model):
    async def get_response(self, system_instructions, input, *args, **more):
        returned = [one for one in input if one.get("type") == "function_call_output"]
        done = len(returned)
        if done < STEPS - 1:
            given = json.dumps({"a": done, "b": 1})
            item = ResponseFunctionToolCall(type="function_call", call_id=f"call_{done}", name="add", arguments=given)
        else:
            text = ResponseOutputText(type="output_text", text=f"The sum is {returned[-1]['output']}", annotations=[])
            item = ResponseOutputMessage(
                id="x", type="message", role="assistant", status="completed", content=[text])
        return ModelResponse(output=[item], usage=Usage(), response_id=None)
    def stream_response(self, *args, **more):
        raise NotImplementedError
asyncio.run(main(Instant()))
"""


@dataclass
class Contender:
    """A process that makes runs when it is told how many. `calls_server` says whether the server counts them."""

    name: str
    process: subprocess.Popen[str]
    calls_server: bool

    def runs(self, runs: int, concurrency: int) -> tuple[float, float]:
        """Seconds and CPU seconds that so many runs took."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps([runs, concurrency]) + "\n")
        self.process.stdin.flush()
        seconds, cpu = json.loads(self.line())
        return seconds, cpu

    def line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} has ended (exit code {self.process.wait()})")
        return line


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(words: list[str], **more: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(words, text=True, **more)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def stub(root: Path) -> Iterator[str]:
    """The server that answers at once: its origin."""
    path, port = root / "stub.py", free_port()
    path.write_text(STUB)
    with running([sys.executable, str(path), str(port)]):
        limit = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            if time.monotonic() > limit:
                raise SystemExit("the stub server does not listen")
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def contender(
    root: Path, python: str, origin: str, name: str, text: str, calls_server: bool
) -> Iterator[Contender]:
    path = root / f"bench_{name.replace(' ', '_').replace(',', '').replace('-', '_')}.py"
    path.write_text(WORKER + text)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with running([python, str(path), f"{origin}/v1"], **pipes) as process:
        one = Contender(name, process, calls_server)
        if one.line() != "ready\n":
            raise SystemExit(f"{name} does not start")
        yield one


def install(folder: Path) -> str:
    """The Python of an environment that holds the peers."""
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS]
        subprocess.run(pip, check=True, timeout=600)
    return str(python)


def counted(origin: str) -> int:
    with urllib.request.urlopen(f"{origin}/count") as answer:
        return int(json.load(answer)["count"])


def turn(one: Contender, origin: str, runs: int, concurrency: int) -> tuple[float, float]:
    before = counted(origin)
    taken = one.runs(runs, concurrency)
    made, wanted = counted(origin) - before, runs * STEPS if one.calls_server else 0
    if made != wanted:
        raise SystemExit(f"{one.name}: the server counted {made} calls, not {wanted}")
    return taken


def measure(contenders: list[Contender], origin: str, rounds: int) -> dict[str, Any]:
    taken: dict[tuple[str, int], list[tuple[float, float]]] = {
        (one.name, many): [] for one in contenders for many in CONCURRENCIES
    }
    for one in contenders:
        turn(one, origin, max(CONCURRENCIES), max(CONCURRENCIES))
    for number in range(rounds):
        for many in CONCURRENCIES:
            for one in contenders if number % 2 else reversed(contenders):
                taken[one.name, many].append(turn(one, origin, RUNS, many))
    return {
        one.name: {str(many): figures(taken[one.name, many]) for many in CONCURRENCIES} for one in contenders
    }


def figures(taken: list[tuple[float, float]]) -> dict[str, float]:
    steps = RUNS * STEPS
    rates = sorted(steps / seconds for seconds, _ in taken)
    return {
        "steps_a_second_median": round(statistics.median(rates), 1),
        "steps_a_second_slowest": round(rates[0], 1),
        "steps_a_second_fastest": round(rates[-1], 1),
        "cpu_ms_a_step_median": round(statistics.median(cpu for _, cpu in taken) * 1000 / steps, 3),
    }


def versions(python: str) -> dict[str, str]:
    names = "('pydantic-ai-slim', 'openai-agents', 'openai', 'pydantic', 'httpx2')"
    ask = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    peers = json.loads(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout)
    import mini_agent

    return {"mini_agent": mini_agent.__version__, "python": platform.python_version(), **peers}


def run(rounds: int, peers: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="agent-steps-") as name, contextlib.ExitStack() as stack:
        root, ours = Path(name), sys.executable
        theirs = install(Path(peers) if peers else root / "peers")
        origin = stack.enter_context(stub(root))
        contenders = [
            stack.enter_context(contender(root, python, origin, *row))
            for python, *row in (
                (ours, "no loop", BARE, True),
                (ours, "mini_agent", OURS + OURS_OVER_HTTP, True),
                (theirs, "pydantic-ai", PYDANTIC_AI + PYDANTIC_AI_OVER_HTTP, True),
                (theirs, "openai-agents", OPENAI_AGENTS + OPENAI_AGENTS_OVER_HTTP, True),
                (ours, "mini_agent, in process", OURS + OURS_IN_PROCESS, False),
                (theirs, "pydantic-ai, in process", PYDANTIC_AI + PYDANTIC_AI_IN_PROCESS, False),
                (theirs, "openai-agents, in process", OPENAI_AGENTS + OPENAI_AGENTS_IN_PROCESS, False),
            )
        ]
        load, measured = os.getloadavg()[0], measure(contenders, origin, rounds)
        return {
            "date": datetime.date.today().isoformat(),
            "machine": {
                "system": f"{platform.system()} {platform.machine()}",
                "cores": os.cpu_count(),
                "load_before": round(load, 2),
                "load_after": round(os.getloadavg()[0], 2),
            },
            "versions": versions(theirs),
            "rounds": rounds,
            "runs_a_round": RUNS,
            "steps_a_run": STEPS,
            "by_concurrency": measured,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--peers", help="folder of the peers' environment, kept; default: a temporary one")
    args = parser.parse_args()
    text = json.dumps(run(args.rounds, args.peers), indent=2) + "\n"
    print(text)
    if args.write:
        aside = RESULTS.with_suffix(".new")
        aside.write_text(text)
        aside.replace(RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
