"""The two things a run talks to: a model and a tool backend. Everything else implements these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from mini_agent.conversation import Message, Reply, ToolDefinition, ToolOutcome

OnText: TypeAlias = Callable[[str], Awaitable[None]]
ToolMode: TypeAlias = Literal["auto", "native", "schema"]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a model is asked. `options` are further fields of OpenAI's request, passed on as they are."""

    model: str
    messages: Sequence[Message]
    tools: Sequence[ToolDefinition] = ()
    tool_mode: ToolMode = "auto"
    tool_choice: str | Mapping[str, Any] | None = None
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    options: Mapping[str, Any] | None = None


class ModelError(Exception):
    """A model gave no usable answer, after all retries. `status` is what a caller should see, `retry_after` in seconds.

    `retries` counts the requests that were sent again before giving up.

    The message is one line, safe to show: it names the server's status and reason, never a key or a header's value.
    """

    def __init__(
        self,
        message: str,
        status: int = 502,
        code: str = "model_error",
        retry_after: float | None = None,
        retries: int = 0,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.retries = retries


class Model(Protocol):
    """A chat model. Every method can be cancelled; a cancelled call closes its connection."""

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> Reply:
        """One answer; streamed through `on_text` when that is given. Raises ModelError."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class ToolBackendError(Exception):
    """The backend cannot be used at all (bad address, no sandbox, server gone); the message says why, for a person."""


class ToolBackend(Protocol):
    """A source of tools. One backend serves one run, and is closed when it ends."""

    async def definitions(self) -> Sequence[ToolDefinition]:
        """What it offers. Raises ToolBackendError."""
        ...

    async def invoke(
        self, call_id: str, name: str, arguments: Mapping[str, Any], timeout: float
    ) -> ToolOutcome:
        """Run one tool for at most `timeout` seconds; a fault of the tool is an outcome, not an exception.

        Cancelled: the tool's whole process tree or connection is gone when this returns. Raises ToolBackendError
        when the backend itself has failed.
        """
        ...

    async def aclose(self) -> None:
        """Give everything back: processes, sockets, folders."""
        ...
