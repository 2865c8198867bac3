"""What the relay costs next to other proxies: added time to the first token, and CPU for each request.

    .venv/bin/python bench/relay.py [--rounds N] [--write] [--peers FOLDER] [--engine]

One upstream that streams at a fixed pace stands behind all of them: a bare aiohttp proxy of thirty lines, which counts
nothing, and the litellm proxy (left out when it cannot be installed). They take turns, so that a machine whose speed
drifts slows all alike. CPU is the proxy process's own user and system time. `--engine` measures tokens per second of
the embedded model as well, directly and through the relay.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import json
import os
import platform
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

RESULTS = Path(__file__).with_name("relay-results.json")
TOKEN = "bench-token-0123456789"
CONCURRENCIES = (1, 8, 32)
REQUESTS = {1: 20, 8: 64, 32: 128}
EVENTS, PAUSE = 20, 0.01
BODY = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "stream": True}

UPSTREAM = f"""
import asyncio, json, sys
from aiohttp import web
EVENT = b"data: " + json.dumps({{"id": "1", "model": "tiny", "choices": [{{"index": 0, "delta": {{"content": "word "}}}}]}}).encode() + b"\\n\\n"
LAST = b'data: {{"choices": [{{"index": 0, "delta": {{}}, "finish_reason": "stop"}}], "usage": {{"prompt_tokens": 5, "completion_tokens": {EVENTS}}}}}\\n\\ndata: [DONE]\\n\\n'
async def answer(request):
    await request.read()
    reply = web.StreamResponse(headers={{"Content-Type": "text/event-stream"}})
    await reply.prepare(request)
    for _ in range({EVENTS}):
        await reply.write(EVENT)
        await asyncio.sleep({PAUSE})
    await reply.write(LAST)
    await reply.write_eof()
    return reply
app = web.Application()
app.router.add_post("/v1/chat/completions", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""

BARE = """
import sys
import aiohttp
from aiohttp import web
HOP = {"host", "connection", "transfer-encoding", "content-length", "keep-alive"}
async def pass_on(request):
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
    url = sys.argv[2] + request.path_qs
    async with request.app["session"].request(request.method, url, headers=headers, data=await request.read()) as answer:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        reply = web.StreamResponse(status=answer.status, headers=kept)
        await reply.prepare(request)
        async for piece in answer.content.iter_any():
            await reply.write(piece)
        await reply.write_eof()
        return reply
async def session(app):
    app["session"] = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))
    yield
    await app["session"].close()
app = web.Application()
app.cleanup_ctx.append(session)
app.router.add_route("*", "/{path:.*}", pass_on)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


@dataclass
class Target:
    """Something that answers chats. `pid` is the process whose CPU counts; none for the upstream itself."""

    name: str
    base: str
    pid: int | None = None
    key: str = "none"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    limit = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < limit:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise SystemExit(f"{process.args!r} does not listen after {seconds:.0f} s (exit code {process.poll()})")


@contextlib.contextmanager
def script(root: Path, name: str, text: str, *words: str) -> Iterator[tuple[int, int]]:
    """Run a script that listens on the port it is given: its port and pid."""
    path, port = root / f"{name}.py", free_port()
    path.write_text(text)
    with running([sys.executable, str(path), str(port), *words]) as process:
        wait_for_port(port, process)
        yield port, process.pid


@contextlib.contextmanager
def relay(root: Path, base: str, mode: str = "pass") -> Iterator[Target]:
    plan = {
        "upstreams": {"model": {"kind": "openai", "base": base}},
        "routes": {
            TOKEN: {
                "check": "bench",
                "lane": "nd",
                "upstream": "model",
                "mode": mode,
                "cassette": str(root / f"{mode}.yaml"),
            }
        },
    }
    (root / f"plan-{mode}.json").write_text(json.dumps(plan))
    files = {"--plan": f"plan-{mode}.json", "--calls": f"calls-{mode}.jsonl", "--ready": f"ready-{mode}.json"}
    words = [word for flag, name in files.items() for word in (flag, str(root / name))]
    with running([sys.executable, "-m", "readiness.relay", *words]) as process:
        ready, limit = root / files["--ready"], time.monotonic() + 20
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > limit:
                raise SystemExit("the relay does not start")
            time.sleep(0.02)
        where = json.loads(ready.read_text())
        name = "relay" if mode == "pass" else f"relay, {mode}"
        yield Target(name, f"http://127.0.0.1:{where['port']}/c/{TOKEN}/v1", where["pid"])


def install_litellm(folder: Path) -> str:
    """The litellm program in an environment of its own; empty when it cannot be installed."""
    program = folder / "bin" / "litellm"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [
            folder / "bin/python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "litellm[proxy]",
        ]
        try:
            subprocess.run(pip, check=True, timeout=300)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"litellm is left out: {error}", file=sys.stderr)
            return ""
    return str(program)


@contextlib.contextmanager
def litellm(root: Path, program: str, params: dict[str, str]) -> Iterator[Target | None]:
    """The proxy with one model `tiny`, made of `params`; None when there is no program or it does not start."""
    if not program:
        yield None
        return
    port = free_port()
    model = {
        "model_name": "tiny",
        "litellm_params": {"model": "openai/tiny", "api_key": "none", **params},
    }
    key = f"sk-{secrets.token_hex(32)}"
    (root / "litellm.yaml").write_text(json.dumps({"model_list": [model]}))
    env = {
        **os.environ,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_TELEMETRY": "False",
        "LITELLM_MASTER_KEY": key,
    }
    words = [
        program,
        "--config",
        str(root / "litellm.yaml"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--num_workers",
        "1",
    ]
    with (root / "litellm.log").open("wb") as log, running(words, cwd=root, env=env, stderr=log) as process:
        try:
            wait_for_port(port, process, 90)
        except SystemExit as error:
            print(
                f"litellm is left out: {error}\n{(root / 'litellm.log').read_text()[-800:]}", file=sys.stderr
            )
            yield None
            return
        yield Target("litellm proxy", f"http://127.0.0.1:{port}/v1", process.pid, key)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def one_chat(session: aiohttp.ClientSession, target: Target) -> tuple[float, float]:
    """Seconds to the first event and to the end."""
    start = time.perf_counter()
    headers = {"Authorization": f"Bearer {target.key}"}
    async with session.post(f"{target.base}/chat/completions", json=BODY, headers=headers) as answer:
        if answer.status != 200:
            raise SystemExit(f"{target.name}: status {answer.status}: {await answer.text()}")
        first = 0.0
        last = b""
        async for piece in answer.content.iter_any():
            first = first or time.perf_counter() - start
            last = (last + piece)[-200:]
        if b"[DONE]" not in last:
            raise SystemExit(f"{target.name}: an answer without its end: {last!r}")
        return first, time.perf_counter() - start


async def many_chats(target: Target, concurrency: int, requests: int) -> list[tuple[float, float]]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        left = iter(range(requests))

        async def client() -> AsyncIterator[tuple[float, float]]:
            for _ in left:
                yield await one_chat(session, target)

        async def drain() -> list[tuple[float, float]]:
            return [one async for one in client()]

        results = await asyncio.gather(*(drain() for _ in range(concurrency)))
    return [one for group in results for one in group]


def measure(targets: list[Target], rounds: int) -> dict[str, dict[int, dict[str, list[float]]]]:
    taken: dict[str, dict[int, dict[str, list[float]]]] = {
        target.name: {many: {"ttft_ms": [], "seconds": [], "cpu_ms": []} for many in CONCURRENCIES}
        for target in targets
    }
    for target in targets:
        asyncio.run(many_chats(target, 4, 8))
    for _ in range(rounds):
        for many in CONCURRENCIES:
            for target in targets:
                before = cpu_seconds(target.pid) if target.pid else 0.0
                times = asyncio.run(many_chats(target, many, REQUESTS[many]))
                row = taken[target.name][many]
                row["ttft_ms"] += [first * 1000 for first, _ in times]
                row["seconds"] += [end for _, end in times]
                if target.pid:
                    row["cpu_ms"].append((cpu_seconds(target.pid) - before) * 1000 / REQUESTS[many])
    return taken


def conclude(taken: dict[str, dict[int, dict[str, list[float]]]]) -> dict[str, Any]:
    direct = taken["upstream, directly"]
    result: dict[str, Any] = {}
    for name, by_concurrency in taken.items():
        rows = result[name] = {}
        for many, row in by_concurrency.items():
            first, base = statistics.median(row["ttft_ms"]), statistics.median(direct[many]["ttft_ms"])
            rows[str(many)] = {
                "ttft_ms_median": round(first, 2),
                "ttft_ms_p95": round(statistics.quantiles(row["ttft_ms"], n=20)[-1], 2),
                "added_ttft_ms_median": round(first - base, 2),
                "seconds_median": round(statistics.median(row["seconds"]), 4),
                "cpu_ms_a_request": round(statistics.median(row["cpu_ms"]), 2) if row["cpu_ms"] else None,
            }
    return result


def engine_rates(root: Path, seconds: float = 45.0) -> dict[str, float]:
    """Tokens per second of the embedded model, directly and through the relay, taking turns."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("readiness")), "model", "serve", "--port", str(port)]
    with running(command) as engine:
        wait_for_port(port, engine, 120)
        origin = f"http://127.0.0.1:{port}"
        base = f"{origin}/v1"
        (root / "engine").mkdir()
        with relay(root / "engine", origin) as through:
            ways = {"directly": base, "through the relay": through.base}
            rates: dict[str, list[float]] = {name: [] for name in ways}
            for address in ways.values():
                asyncio.run(tokens_a_second(address, 0))
            limit = time.monotonic() + 2 * seconds
            while time.monotonic() < limit:
                seed = len(rates["directly"]) + 1
                for name in ways if seed % 2 else reversed(ways):
                    rates[name].append(asyncio.run(tokens_a_second(ways[name], seed)))
    pairs = [behind / direct for direct, behind in zip(*rates.values(), strict=True)]
    median = {name: round(statistics.median(one), 2) for name, one in rates.items()}
    return {**median, "pairs": len(pairs), "ratio_median_of_pairs": round(statistics.median(pairs), 3)}


async def tokens_a_second(base: str, seed: int) -> float:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/models") as answer:
            model = (await answer.json())["data"][0]["id"]
        body = {
            "model": model, "messages": [{"role": "user", "content": "Tell me a story."}], "stream": True, "seed": seed,
            "max_tokens": 64, "stream_options": {"include_usage": True},
        }  # fmt: skip
        start = time.perf_counter()
        async with session.post(f"{base}/chat/completions", json=body) as answer:
            text = await answer.text()
        taken = time.perf_counter() - start
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    return float(events[-1]["usage"]["completion_tokens"]) / taken


def versions(program: str) -> dict[str, str]:
    import readiness

    found = {
        "readiness": readiness.__version__,
        "python": platform.python_version(),
        "aiohttp": aiohttp.__version__,
    }
    if program:
        ask = "import importlib.metadata as m; print(m.version('litellm'))"
        python = Path(program).with_name("python")
        found["litellm"] = subprocess.run(
            [python, "-c", ask], capture_output=True, text=True, check=True
        ).stdout.strip()
    return found


def run(rounds: int, peers: str | None, engine: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="readiness-bench-") as name, contextlib.ExitStack() as stack:
        root = Path(name)
        program = install_litellm(Path(peers) if peers else root / "peers")
        port, _ = stack.enter_context(script(root, "upstream", UPSTREAM))
        origin = f"http://127.0.0.1:{port}"
        targets = [
            Target("upstream, directly", f"{origin}/v1"),
            stack.enter_context(relay(root, f"{origin}/v1")),
        ]
        targets[1].base = targets[1].base.removesuffix("/v1")
        recording = stack.enter_context(relay(root, f"{origin}/v1", "record"))
        recording.base = recording.base.removesuffix("/v1")
        bare_port, bare_pid = stack.enter_context(script(root, "bare", BARE, origin))
        targets += [recording, Target("bare aiohttp proxy", f"http://127.0.0.1:{bare_port}/v1", bare_pid)]
        other = stack.enter_context(litellm(root, program, {"api_base": f"{origin}/v1"}))
        targets += [other] if other else []
        figures = conclude(measure(targets, rounds))
        rates = {"engine_tokens_a_second": engine_rates(root)} if engine else {}
        return {
            "date": datetime.date.today().isoformat(),
            "machine": {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()},
            "versions": versions(program if other else ""),
            "rounds": rounds,
            "stream": {"events": EVENTS, "pause_ms": PAUSE * 1000},
            "by_concurrency": figures,
            **rates,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--peers", help="folder of the peers' environment, kept; default: a temporary one")
    parser.add_argument(
        "--engine", action="store_true", help="tokens per second of the embedded model as well"
    )
    args = parser.parse_args()
    text = json.dumps(run(args.rounds, args.peers, args.engine), indent=2) + "\n"
    print(text)
    if args.write:
        RESULTS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
