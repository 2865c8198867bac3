"""`mini-agent run`: one question, from the arguments or standard input; the answer, or the whole envelope."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mini_agent.cli.backend import declare_backend, opened
from mini_agent.cli.exit_codes import NO_ANSWER, OK, TERMINATED
from mini_agent.limits import Limits
from mini_agent.settings import Settings

if TYPE_CHECKING:
    from mini_agent.result import RunResult

_MOST_QUESTION = 4 << 20


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="*", help="the question; from standard input without one")
    parser.add_argument("--model", default="", help="model to ask (default MINI_AGENT_MODEL)")
    parser.add_argument("--json", action="store_true", help="print the envelope of POST /agent/run")
    parser.add_argument(
        "--tool-mode", choices=("auto", "native", "schema"), default="auto", help="how tools are called"
    )
    parser.add_argument(
        "--max-iterations", type=int, default=Limits().max_iterations, help="calls of the model (default 3)"
    )
    parser.add_argument("--max-seconds", type=float, default=None, help="wall clock")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--temperature", type=float, default=None)
    declare_backend(parser)


def run(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Raises ValueError for what cannot be asked, ToolBackendError."""
    question = " ".join(asked.question) or sys.stdin.read(_MOST_QUESTION)
    if not question.strip():
        raise ValueError("no question: write it behind the command, or to its standard input")
    settings = Settings.from_environment(environ)
    model = asked.model or settings.model.model
    if not model:
        raise ValueError("no model: name one with --model, or set MINI_AGENT_MODEL")
    try:
        result = asyncio.run(_answered(asked, question, model, settings))
    except asyncio.CancelledError:
        return TERMINATED
    return _shown(result, as_json=asked.json)


async def _answered(asked: argparse.Namespace, question: str, model: str, settings: Settings) -> RunResult:
    from mini_agent.loop.agent import RunOptions, run_agent
    from mini_agent.model.open import open_model

    limits = Limits(max_iterations=asked.max_iterations, max_total_seconds=asked.max_seconds)
    options = RunOptions(
        model,
        limits,
        tool_mode=asked.tool_mode,
        seed=asked.seed,
        temperature=asked.temperature,
        stream=False,
    )
    client = open_model(settings.model)
    _end_when_terminated()
    try:
        async with opened(asked, settings) as tools:
            return await run_agent([{"role": "user", "content": question}], options, client, tools)
    finally:
        await client.aclose()


def _end_when_terminated() -> None:
    """A TERM ends the run as a client that leaves does: its tools are ended and their folder goes."""
    task = asyncio.current_task()
    if task and threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def _shown(result: RunResult, *, as_json: bool) -> int:
    if as_json:
        from mini_agent.app.agent_answer import envelope

        print(json.dumps(envelope(result), indent=2))
    elif result.final_answer:
        print(result.final_answer)
    if not result.ok:
        print(f"mini-agent run: {result.stopped_reason}: {result.error}", file=sys.stderr)
    return OK if result.ok else NO_ANSWER
