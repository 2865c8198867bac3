"""`echo` and `dummy`: answers without a model, for hermetic tests. Each reply names the stand-in that gave it.

`echo` says what the last user message said. `dummy` does as it is told: a user message that is JSON like
`{"calls": [{"name": "run_python", "arguments": {"code": "print(1)"}}]}` makes it call those tools, a result makes it
repeat the result, and anything else it repeats too. Tokens are words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mini_agent.conversation import Message, Reply, ToolCall, Usage
from mini_agent.interfaces import ModelError, ModelRequest, OnText
from mini_agent.model.stand_in_rules import StandInRules
from mini_agent.model.wire.answer import new_call_id, text_of

ECHO, DUMMY = "echo", "dummy"


def stand_in_for(request: ModelRequest, rules: StandInRules) -> str:
    """The stand-in that must answer, empty when a model must. Raises ModelError for one that may not answer here."""
    wanted = ECHO if rules.mode == "echo" else DUMMY if request.model == DUMMY else ""
    if wanted and rules.refusal:
        raise ModelError(f"the stand-in {wanted} is refused: {rules.refusal}", 403, "stand_in_refused")
    if wanted == DUMMY and not rules.allow_dummy:
        raise ModelError(
            "the stand-in dummy is off; MINI_AGENT_ALLOW_DUMMY=1 switches it on", 403, "stand_in_refused"
        )
    return wanted


async def stand_in_reply(name: str, request: ModelRequest, on_text: OnText | None) -> Reply:
    """The stand-in's answer, streamed word by word where somebody listens."""
    calls = _told_calls(request.messages) if name == DUMMY else ()
    content = "" if calls else _last_text(request.messages)
    if on_text is not None:
        for piece in content.splitlines(keepends=True):
            await on_text(piece)
    prompt = sum(len(text_of(message.get("content")).split()) for message in request.messages)
    return Reply(
        content=content,
        tool_calls=calls,
        finish_reason="tool_calls" if calls else "stop",
        usage=Usage(prompt, len(content.split())),
        model=name,
        stand_in=name,
        cost_known=True,
    )


def _last_text(messages: Sequence[Message]) -> str:
    spoken = (message for message in reversed(messages) if message.get("role") in ("user", "tool"))
    return text_of(next(spoken, {}).get("content"))


def _told_calls(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The calls that the last message tells to make, if it is a user's and tells any."""
    last = messages[-1] if messages else {}
    if last.get("role") != "user":
        return ()
    try:
        told = json.loads(text_of(last.get("content")))
    except (ValueError, RecursionError):
        return ()
    listed = told.get("calls") if isinstance(told, dict) else None
    return tuple(_call(one) for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()


def _call(told: dict[str, Any]) -> ToolCall:
    arguments = told.get("arguments", {})
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(new_call_id(), str(told.get("name", "")), text)
