"""What a run tells while it runs, in the words of the event stream: step, delta, tool_call, tool_result, done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from mini_agent.conversation import ToolCall, ToolInvocation
from mini_agent.result import RunResult


@dataclass(frozen=True, slots=True)
class Step:
    """A call of the model begins; `number` counts from 1."""

    number: int
    model: str


@dataclass(frozen=True, slots=True)
class Delta:
    """Text of the answer as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolReturned:
    invocation: ToolInvocation


@dataclass(frozen=True, slots=True)
class Done:
    result: RunResult


Event: TypeAlias = Step | Delta | ToolCalled | ToolReturned | Done
Listener: TypeAlias = Callable[[Event], Awaitable[None]]
"""Awaited at each event; a listener that waits holds the run, so that a slow reader is felt (back-pressure)."""
