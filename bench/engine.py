"""Tokens a second of the embedded model: the engine called directly, through the front, and through front and relay.

    .venv/bin/python bench/engine.py [--rounds N] [--write]

"Directly" is a process of its own that loads the same file with the same settings and calls the engine, with nothing
between. The three take turns on the same seeds and so on the same tokens; the ratio is taken within each turn, so that
a machine whose speed drifts slows all alike. Streamed answers cost a proxy a write for each token; whole ones do not.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from relay import free_port, relay, running, wait_for_port

RESULTS = Path(__file__).with_name("engine-results.json")
PROMPT = "Tell me a story."
TOKENS = 96
DIRECT = f"""
import json, sys, threading, time
from readiness.models.engine import Engine, EngineSettings
from readiness.models.generation import Generation, Message, Sampling
from readiness.models.gguf import read_header
from readiness.models.serve import ServeSettings
settings, header = ServeSettings(path=sys.argv[1], name="bench"), read_header(sys.argv[1])
engine = Engine(EngineSettings(settings.path, settings.slots, settings.context, settings.threads, header.head_size))
def tell(seed, counts):
    def on_piece(piece):
        if piece.usage:
            counts.append(piece.usage.completion_tokens)
        return False
    engine.generate(Generation(Sampling(seed, max_tokens={TOKENS}), (Message("user", {PROMPT!r}),)), on_piece)
print("ready", flush=True)
for line in sys.stdin:
    seeds, counts = json.loads(line), []
    start = time.perf_counter()
    threads = [threading.Thread(target=tell, args=(seed, counts)) for seed in seeds]
    for one in threads: one.start()
    for one in threads: one.join()
    print(sum(counts) / (time.perf_counter() - start), flush=True)
"""


class Direct:
    """A process that holds the engine, and answers with its rate for the seeds it is given."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._line()

    def _line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the engine ended with {self.process.wait()}")
        return line

    def rate(self, seeds: list[int]) -> float:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(seeds) + "\n")
        self.process.stdin.flush()
        return float(self._line())


async def rate(base: str, seeds: list[int], streamed: bool) -> float:
    """Tokens a second over all answers, from the first request sent to the last byte of the last answer."""
    async with aiohttp.ClientSession() as session:

        async def tell(seed: int) -> int:
            body = {"model": "smollm2:135m", "messages": [{"role": "user", "content": PROMPT}]}
            body |= {"seed": seed, "max_tokens": TOKENS, "stream": streamed}
            body |= {"stream_options": {"include_usage": True}} if streamed else {}
            async with session.post(f"{base}/chat/completions", json=body) as answer:
                text = await answer.text()
            if streamed:
                text = [line for line in text.splitlines() if line.startswith("data: {")][-1][6:]
            return int(json.loads(text)["usage"]["completion_tokens"])

        start = time.perf_counter()
        counts = await asyncio.gather(*(tell(seed) for seed in seeds))
        return sum(counts) / (time.perf_counter() - start)


def measure(direct: Direct, bases: dict[str, str], many: int, rounds: int) -> dict[str, Any]:
    ways = [
        (f"{name}, {kind}", base, kind == "streamed")
        for name, base in bases.items()
        for kind in ("whole", "streamed")
    ]
    rates: dict[str, list[float]] = {"directly": [], **{name: [] for name, _, _ in ways}}
    for turn in range(rounds + 1):
        seeds = [turn * many + each for each in range(many)]
        before = direct.rate(seeds)
        taken = {name: asyncio.run(rate(base, seeds, streamed)) for name, base, streamed in ways}
        after = direct.rate(seeds)
        if turn:  # the first warms up
            rates["directly"].append((before + after) / 2)
            for name, one in taken.items():
                rates[name].append(one)
    return {
        name: {
            "tokens_a_second": round(statistics.median(taken_rates), 1),
            "ratio": round(statistics.median(a / b for a, b in zip(taken_rates, rates["directly"], strict=True)), 3),
        }
        for name, taken_rates in rates.items()
    }  # fmt: skip


def weights() -> str:
    command = [str(Path(sys.executable).with_name("readiness")), "model", "pull"]
    return (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().rpartition(": ")[2]
    )


def run(rounds: int) -> dict[str, Any]:
    port = free_port()
    serve = [str(Path(sys.executable).with_name("readiness")), "model", "serve", "--port", str(port)]
    origin = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="readiness-bench-") as name, running(serve) as front:
        wait_for_port(port, front, 120)
        command = [sys.executable, "-c", DIRECT, weights()]
        with (
            relay(Path(name), origin) as through,
            subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        ):
            direct = Direct(process)
            bases = {"front": f"{origin}/v1", "front and relay": through.base}
            found = {str(many): measure(direct, bases, many, rounds) for many in (1, 4)}
            assert process.stdin
            process.stdin.close()
    return {
        "date": datetime.date.today().isoformat(),
        "machine": {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()},
        "python": platform.python_version(),
        "rounds": rounds,
        "tokens_an_answer": TOKENS,
        "by_answers_at_once": found,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    args = parser.parse_args()
    text = json.dumps(run(args.rounds), indent=2) + "\n"
    print(text, end="")
    if args.write:
        RESULTS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
