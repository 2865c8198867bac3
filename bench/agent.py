"""What the agent service costs: requests a second, latency and CPU a request, next to other servers.

    .venv/bin/python bench/agent.py [--rounds N] [--write] [--peers FOLDER]

One upstream that answers at once stands behind all that ask one: our service (a run of the agent, and a chat
completion), and a bare Starlette route that does nothing but pass the body on with the same HTTP client. Beside them a
bare route that asks nobody, the litellm proxy with a mock model, and an agent server made with pydantic-ai (AG-UI);
the last two are left out, and that is said, when they cannot be installed. They take turns, so that a machine whose
speed drifts slows all alike. CPU is the server process's own user and system time, its children included.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from relay import cpu_seconds, free_port, install_litellm, litellm, running, wait_for_port

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).with_name("agent-results.json")
CONCURRENCIES = (1, 16, 64)
REQUESTS = {1: 100, 16: 480, 64: 640}
SLOW = 8
"""How many times fewer requests a server gets that takes longer than a tenth of a second for one."""
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]
CHAT = {"model": "tiny", "messages": MESSAGES}
RUN = {"model": "tiny", "messages": MESSAGES, "tool_backend": "none", "tool_mode": "native"}
AG_UI = {
    "threadId": "t", "runId": "r", "state": None, "tools": [], "context": [], "forwardedProps": None,
    "messages": [{"id": "m", **MESSAGES[0]}],
}  # fmt: skip

UPSTREAM = """
import json, sys, uvicorn
USAGE = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}
ABOUT = {"id": "c", "created": 1, "model": "tiny"}
WHOLE = json.dumps({**ABOUT, "object": "chat.completion", "choices": [CHOICE], "usage": USAGE}).encode()
DELTA = {"index": 0, "delta": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}
CHUNKS = [{"choices": [DELTA]}, {"choices": [], "usage": USAGE}]
STREAM = b"".join(b"data: " + json.dumps({**ABOUT, "object": "chat.completion.chunk", **c}).encode() + b"\\n\\n" for c in CHUNKS) + b"data: [DONE]\\n\\n"
async def app(scope, receive, send):
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    streamed = b'"stream":true' in body.replace(b" ", b"")
    kind = b"text/event-stream" if streamed else b"application/json"
    out = STREAM if streamed else WHOLE
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind), (b"content-length", str(len(out)).encode())]})
    await send({"type": "http.response.body", "body": out})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", http="httptools", lifespan="off", ws="none")
"""

BARE = """
import contextlib, sys, httpx2, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100))
async def passed_on(request):
    answer = await client.post(sys.argv[2] + "/chat/completions", content=await request.body(), headers={"content-type": "application/json"})
    return Response(answer.content, answer.status_code, media_type="application/json")
async def alone(request):
    asked = await request.json()
    message = {"role": "assistant", "content": "Paris."}
    return JSONResponse({"model": asked["model"], "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
app = Starlette(routes=[Route("/pass/chat/completions", passed_on, methods=["POST"]), Route("/alone/chat/completions", alone, methods=["POST"])])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", http="httptools", lifespan="off", ws="none")
"""

PYDANTIC_AI = """
import sys, uvicorn
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.ui.ag_ui import AGUIAdapter
from starlette.applications import Starlette
from starlette.routing import Route
agent = Agent(OpenAIChatModel("tiny", provider=OpenAIProvider(base_url=sys.argv[2], api_key="none")))
async def run(request):
    return await AGUIAdapter.dispatch_request(request, agent=agent)
app = Starlette(routes=[Route("/", run, methods=["POST"])])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", ws="none")
"""


@dataclass
class Target:
    """Something that is asked with `body` at `url`; an answer must hold `expected`. `pid`: whose CPU counts."""

    name: str
    url: str
    body: dict[str, Any]
    pid: int
    key: str = "none"
    expected: bytes = b"Paris."


async def ask(session: aiohttp.ClientSession, target: Target) -> float:
    start = time.perf_counter()
    headers = {"Authorization": f"Bearer {target.key}", "Accept": "application/json, text/event-stream"}
    async with session.post(target.url, json=target.body, headers=headers) as answer:
        received = await answer.read()
        if answer.status != 200 or target.expected not in received:
            raise SystemExit(f"{target.name}: status {answer.status}: {received[:500]!r}")
    return time.perf_counter() - start


async def many(target: Target, concurrency: int, requests: int) -> tuple[list[float], float]:
    """The seconds of each request, and of all together."""
    left = iter(range(requests))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def client() -> list[float]:
            return [await ask(session, target) for _ in left]

        start = time.perf_counter()
        found = await asyncio.gather(*(client() for _ in range(concurrency)))
        return [one for group in found for one in group], time.perf_counter() - start


def measure(targets: list[Target], rounds: int) -> dict[str, dict[int, dict[str, list[float]]]]:
    taken: dict[str, dict[int, dict[str, list[float]]]] = {
        target.name: {one: {"ms": [], "a_second": [], "cpu_ms": []} for one in CONCURRENCIES}
        for target in targets
    }
    slow = {}
    for target in targets:
        warm, _ = asyncio.run(many(target, 4, 24))
        slow[target.name] = statistics.median(warm) > 0.1
    for _ in range(rounds):
        for concurrency in CONCURRENCIES:
            for target in targets:
                requests = REQUESTS[concurrency] // (SLOW if slow[target.name] else 1)
                before = cpu_seconds(target.pid)
                times, whole = asyncio.run(many(target, concurrency, requests))
                row = taken[target.name][concurrency]
                row["cpu_ms"].append((cpu_seconds(target.pid) - before) * 1000 / requests)
                row["ms"] += [one * 1000 for one in times]
                row["a_second"].append(requests / whole)
    return taken


def conclude(taken: dict[str, dict[int, dict[str, list[float]]]]) -> dict[str, Any]:
    return {
        name: {
            str(concurrency): {
                "requests_a_second": round(statistics.median(row["a_second"]), 1),
                "p50_ms": round(statistics.median(row["ms"]), 2),
                "p95_ms": round(statistics.quantiles(row["ms"], n=20)[-1], 2),
                "cpu_ms_a_request": round(statistics.median(row["cpu_ms"]), 3),
            }
            for concurrency, row in rows.items()
        }
        for name, rows in taken.items()
    }


@contextlib.contextmanager
def script(
    root: Path, name: str, text: str, *words: str, python: str = sys.executable
) -> Iterator[tuple[int, int]]:
    path, port = root / f"{name}.py", free_port()
    path.write_text(text)
    with running([python, str(path), str(port), *words]) as process:
        wait_for_port(port, process, 60)
        yield port, process.pid


def install_pydantic_ai(folder: Path) -> str:
    """A Python that has pydantic-ai with its AG-UI app; empty when it cannot be installed."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        words = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "pydantic-ai-slim[openai,ag-ui]",
            "uvicorn",
        ]
        try:
            subprocess.run([python, *words], check=True, timeout=300)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"pydantic-ai is left out: {error}", file=sys.stderr)
            return ""
    return str(python)


@contextlib.contextmanager
def agent(base: str) -> Iterator[list[Target]]:
    port = free_port()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MINI_AGENT_")}
    environment |= {"MINI_AGENT_API_BASE": base, "MINI_AGENT_CONCURRENCY": "256"}
    with running(
        [sys.executable, "-m", "mini_agent", "serve", "--port", str(port)], env=environment
    ) as process:
        wait_for_port(port, process)
        root = f"http://127.0.0.1:{port}"
        yield [
            Target("mini_agent, chat completion", f"{root}/v1/chat/completions", CHAT, process.pid),
            Target("mini_agent, run", f"{root}/agent/run", RUN, process.pid),
        ]


@contextlib.contextmanager
def litellm_mock(root: Path, program: str) -> Iterator[list[Target]]:
    with litellm(root, program, {"mock_response": "Paris."}) as proxy:
        if proxy is None or proxy.pid is None:
            yield []
        else:
            url = f"{proxy.base}/chat/completions"
            yield [Target("litellm proxy, mock model", url, CHAT, proxy.pid, proxy.key)]


@contextlib.contextmanager
def pydantic_ai(root: Path, python: str, base: str) -> Iterator[list[Target]]:
    if not python:
        yield []
        return
    with script(root, "pydantic_ai_server", PYDANTIC_AI, base, python=python) as (port, pid):
        yield [Target("pydantic-ai, AG-UI", f"http://127.0.0.1:{port}/", AG_UI, pid)]


def import_cpu() -> float:
    """CPU seconds of `import mini_agent` beyond an empty Python, median of five."""

    def cost(code: str) -> float:
        found = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return statistics.median(found)

    return round(cost("import mini_agent; mini_agent.run") - cost("pass"), 3)


def run(rounds: int, peers: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="readiness-bench-") as name, contextlib.ExitStack() as stack:
        root = Path(name)
        program = install_litellm((peers or root) / "litellm")
        python = install_pydantic_ai((peers or root) / "pydantic-ai")
        port, _ = stack.enter_context(script(root, "upstream", UPSTREAM))
        base = f"http://127.0.0.1:{port}/v1"
        bare, pid = stack.enter_context(script(root, "bare", BARE, base))
        targets = stack.enter_context(agent(base))
        targets += [
            Target("bare route, passes on", f"http://127.0.0.1:{bare}/pass/chat/completions", CHAT, pid),
            Target("bare route, asks nobody", f"http://127.0.0.1:{bare}/alone/chat/completions", CHAT, pid),
        ]
        targets += stack.enter_context(litellm_mock(root, program))
        targets += stack.enter_context(pydantic_ai(root, python, base))
        figures = conclude(measure(targets, rounds))
    ours = figures["mini_agent, chat completion"]
    ratios = {
        other: {
            concurrency: {
                "cpu": round(ours[concurrency]["cpu_ms_a_request"] / row["cpu_ms_a_request"], 3),
                "requests_a_second": round(
                    ours[concurrency]["requests_a_second"] / row["requests_a_second"], 2
                ),
            }
            for concurrency, row in rows.items()
        }
        for other, rows in figures.items()
        if not other.startswith("mini_agent")
    }
    return {
        "date": datetime.date.today().isoformat(),
        "machine": {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()},
        "python": platform.python_version(),
        "rounds": rounds,
        "by_concurrency": figures,
        "chat_completion_of_ours_to": ratios,
        "import_cpu_seconds": import_cpu(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument(
        "--peers", type=Path, help="folder of the peers' environments, kept; default: a temporary one"
    )
    args = parser.parse_args()
    text = json.dumps(run(args.rounds, args.peers), indent=2) + "\n"
    print(text)
    if args.write:
        RESULTS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
