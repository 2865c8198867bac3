"""The messages that a run adds to the conversation, in the shape of OpenAI's chat completions API."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mini_agent.conversation import Message, ToolCall, ToolInvocation


def assistant(content: str, calls: Sequence[ToolCall] = ()) -> Message:
    if not calls:
        return {"role": "assistant", "content": content}
    return {"role": "assistant", "content": content or None, "tool_calls": [_call(one) for one in calls]}


def _call(call: ToolCall) -> Message:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments_text},
    }


def tool(invocation: ToolInvocation) -> Message:
    outcome = invocation.outcome
    return {
        "role": "tool",
        "tool_call_id": invocation.call.id,
        "content": outcome.content or outcome.error,
    }


def with_own_ids(calls: Iterable[ToolCall]) -> tuple[ToolCall, ...]:
    """The calls of one reply, each with an id of its own; what a server left out or gave twice is made up."""
    taken: set[str] = set()
    kept = []
    for call in calls:
        named = (
            call if call.id and call.id not in taken else replace(call, id=f"call_{uuid.uuid4().hex[:24]}")
        )
        taken.add(named.id)
        kept.append(named)
    return tuple(kept)
