"""A model and tools that do what a script says, and a way to run them that looks for tasks left behind."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from mini_agent.conversation import Message, Reply, ToolCall, ToolDefinition, ToolOutcome
from mini_agent.events import Done, Event
from mini_agent.interfaces import ModelRequest, OnText
from mini_agent.limits import Limits
from mini_agent.loop.agent import RunOptions, run_agent
from mini_agent.result import RunResult

HANG = "hang"
QUESTION: list[Message] = [{"role": "user", "content": "What is it?"}]


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


class ScriptedModel:
    """Answers with its script, step by step; the last step again and again.

    A step is a Reply, a text, ToolCalls, an exception, HANG, or a function of the request that gives one of these.
    """

    def __init__(self, *script: Any) -> None:
        self.script = script
        self.requests: list[ModelRequest] = []
        self.streamed = self.hung = self.cancelled = 0

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> Reply:
        step = self.script[min(len(self.requests), len(self.script) - 1)]
        self.requests.append(request)
        step = step(request) if callable(step) else step
        if isinstance(step, BaseException):
            raise step
        if step is HANG:
            self.hung += 1
            try:
                await forever()
            finally:
                self.cancelled += 1
        reply = as_reply(step)
        if on_text and reply.content:
            self.streamed += 1
            await on_text(reply.content)
        return reply

    async def aclose(self) -> None:
        raise AssertionError("a run does not close what it was given")


def as_reply(step: Any) -> Reply:
    match step:
        case Reply():
            return step
        case str():
            return Reply(step)
        case ToolCall():
            return Reply(tool_calls=(step,), finish_reason="tool_calls")
        case _:
            return Reply(tool_calls=tuple(step), finish_reason="tool_calls")


class ScriptedTools:
    """Tools that are Python functions of their arguments; they give a text, a ToolOutcome, an exception, or HANG."""

    def __init__(self, *definitions: ToolDefinition, **functions: Callable[..., Any]) -> None:
        self.functions = functions
        self.offered = definitions or tuple(ToolDefinition(name) for name in functions)
        self.invoked: list[tuple[str, Mapping[str, Any]]] = []
        self.running = self.most_running = self.hung = self.cancelled = 0

    async def definitions(self) -> Sequence[ToolDefinition]:
        return self.offered

    async def invoke(
        self, call_id: str, name: str, arguments: Mapping[str, Any], timeout: float
    ) -> ToolOutcome:
        self.invoked.append((name, arguments))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            given = self.functions[name](**arguments)
            given = await given if inspect.isawaitable(given) else given
            if given is HANG:
                self.hung += 1
                await forever()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return given if isinstance(given, ToolOutcome) else ToolOutcome(True, str(given))

    async def aclose(self) -> None:
        raise AssertionError("a run does not close what it was given")


@dataclass
class Ran:
    """One run: `result` is None when it was cancelled before anybody was told; `seconds` from start to end."""

    result: RunResult | None
    events: list[Event]
    seconds: float
    error: BaseException | None = None
    left: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def told(self) -> RunResult | None:
        return next((one.result for one in self.events if isinstance(one, Done)), None)


async def run_once(
    model: Any,
    tools: Any = None,
    messages: Sequence[Message] = QUESTION,
    cancel_after: float | None = None,
    cancel_when: Callable[[], bool] | None = None,
    listen: Any = "collect",
    **choices: Any,
) -> Ran:
    """Run under the loop that runs; `choices` are fields of Limits and RunOptions."""
    names = Limits.__dataclass_fields__
    limits = Limits(**{"max_iterations": 20} | {key: one for key, one in choices.items() if key in names})
    rest = {"model": "first"} | {key: one for key, one in choices.items() if key not in names}
    events: list[Event] = []

    async def collect(event: Event) -> None:
        events.append(event)

    hear = collect if listen == "collect" else listen
    before, start = asyncio.all_tasks(), time.monotonic()
    backend = ScriptedTools() if tools is None else tools
    task = asyncio.create_task(run_agent(messages, RunOptions(limits=limits, **rest), model, backend, hear))
    if cancel_after is not None:
        await asyncio.sleep(cancel_after)
    while cancel_when is not None and not cancel_when() and not task.done():
        await asyncio.sleep(0.001)
    if cancel_after is not None or cancel_when is not None:
        start = time.monotonic()
        task.cancel()
    await asyncio.wait((task,))
    seconds, left = time.monotonic() - start, asyncio.all_tasks() - before
    if task.cancelled():
        return Ran(None, events, seconds, asyncio.CancelledError(), left)
    error = task.exception()
    return Ran(None if error else task.result(), events, seconds, error, left)


def run_now(*args: Any, **choices: Any) -> Ran:
    ran = asyncio.run(run_once(*args, **choices))
    assert not ran.left
    return ran


def call(name: str, arguments: str = "{}", id: str = "") -> ToolCall:
    return ToolCall(id or f"call_{name}", name, arguments)


class Kit:
    """What a test of the loop needs; conftest files cannot be imported by name."""

    HANG = HANG
    model = ScriptedModel
    tools = ScriptedTools
    call = staticmethod(call)
    run = staticmethod(run_now)
    run_once = staticmethod(run_once)
    forever = staticmethod(forever)


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()
