"""Messages that every OpenAI-compatible server can read back. Pure.

A model may write arguments that are no JSON. The transcript keeps them as they were written, but several servers parse
the arguments of earlier calls and refuse the whole request over them, so that the model could never repair its call.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mini_agent.conversation import Message


def readable(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same messages; arguments that are no JSON object are sent as `{"unreadable": "<what the model wrote>"}`."""
    return tuple(_message(one) if one.get("tool_calls") else one for one in messages)


def _message(message: Message) -> Message:
    calls = message["tool_calls"]
    kept = [_call(one) for one in calls]
    return message if kept == calls else {**message, "tool_calls": kept}


def _call(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(text := function.get("arguments"), str):
        return call
    return call if _is_object(text) else {**call, "function": {**function, "arguments": _wrapped(text)}}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_refuse), dict)
    except (ValueError, RecursionError):
        return False


def _refuse(word: str) -> None:
    raise ValueError(word)


def _wrapped(text: str) -> str:
    return json.dumps({"unreadable": text}) if text.strip() else "{}"
