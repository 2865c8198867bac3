"""An agent service: a bounded loop of a chat model and tools, as a server, a command and a library.

    import asyncio, mini_agent
    result = asyncio.run(mini_agent.run("What is 17 * 23?", model="qwen3:4b", tools="local"))
    print(result.stopped_reason, result.final_answer)

What is named here is imported when it is first used.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mini_agent.conversation import Message, Reply, ToolCall, ToolDefinition, ToolOutcome, Usage
    from mini_agent.events import Delta, Done, Event, Listener, Step, ToolCalled, ToolReturned
    from mini_agent.interfaces import Model, ModelError, ModelRequest, ToolBackend, ToolBackendError
    from mini_agent.library import run
    from mini_agent.limits import Limits
    from mini_agent.model.many import Completion, complete_many
    from mini_agent.result import Iteration, Metrics, RunResult, StopReason

_HOMES = {
    "conversation": ("Message", "Reply", "ToolCall", "ToolDefinition", "ToolOutcome", "Usage"),
    "events": ("Delta", "Done", "Event", "Listener", "Step", "ToolCalled", "ToolReturned"),
    "interfaces": ("Model", "ModelError", "ModelRequest", "ToolBackend", "ToolBackendError"),
    "library": ("run",),
    "limits": ("Limits",),
    "model.many": ("Completion", "complete_many"),
    "result": ("Iteration", "Metrics", "RunResult", "StopReason"),
}

__all__ = [
    "Completion",
    "Delta",
    "Done",
    "Event",
    "Iteration",
    "Limits",
    "Listener",
    "Message",
    "Metrics",
    "Model",
    "ModelError",
    "ModelRequest",
    "Reply",
    "RunResult",
    "Step",
    "StopReason",
    "ToolBackend",
    "ToolBackendError",
    "ToolCall",
    "ToolCalled",
    "ToolDefinition",
    "ToolOutcome",
    "ToolReturned",
    "Usage",
    "complete_many",
    "run",
]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            found: object = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
