"""What is said in a run: messages, tools, calls, outcomes. Values only; nothing here imports another room.

Messages are the JSON objects of OpenAI's chat completions API (https://platform.openai.com/docs/api-reference/chat),
as callers send them and as the envelope returns them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]
"""`role` is system, developer, user, assistant or tool; an assistant message may carry `tool_calls`."""


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool that a backend advertises. `parameters` is the JSON schema of its arguments (an object).

    `strict` asks a model's server to hold the model to that schema.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model wrote it. `arguments_text` is its raw JSON text; it is parsed and checked by the loop."""

    id: str
    name: str
    arguments_text: str = "{}"


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a tool gave. `content` goes back to the model; `rc`, `stdout`, `stderr` where a process ran.

    `error` is one line for a person, empty when `ok`. `ms` is wall time in milliseconds. `retries` counts the requests
    sent again to an HTTP tool.
    """

    ok: bool
    content: str
    rc: int | None = None
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    ms: float = 0.0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class ToolInvocation:
    """A call with its outcome. `arguments` is None when the text could not be parsed or does not fit the schema."""

    call: ToolCall
    arguments: Mapping[str, Any] | None
    outcome: ToolOutcome


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them."""

    prompt: int = 0
    completion: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt + other.prompt, self.completion + other.completion)


NOTHING_USED = Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer of a model. `cost` in US dollars, 0 when no price is known. `stand_in` names one that answered.

    `cost_known` is False where no price is known, so that 0 does not look like free.
    """

    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    usage: Usage = NOTHING_USED
    model: str = ""
    cost: float = 0.0
    ms: float = 0.0
    retries: int = 0
    stand_in: str = ""
    cost_known: bool = False
