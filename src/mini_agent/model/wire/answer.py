"""A whole answer of OpenAI's chat completions API, read leniently where servers differ and strictly where it counts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mini_agent.conversation import NOTHING_USED, ToolCall, Usage
from mini_agent.model.wire.failure import Server, bad_answer, error_inside
from mini_agent.model.wire.text import json_text, well_formed

MOST_TOKENS: Final = 10**12
"""No server counts more; a number beyond it is nonsense that no budget should meet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one model said once. `model` as the server names it, `stand_in` when it says that it is none."""

    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    usage: Usage = NOTHING_USED
    model: str = ""
    stand_in: str = ""

    def of_stand_in(self, name: str) -> Answer:
        """The same answer, marked."""
        return replace(self, stand_in=name)


def read_answer(body: bytes, server: Server) -> Answer:
    """The answer in a whole body. Raises UpstreamError when there is none."""
    data = json_object(body, server)
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise bad_answer(server, "JSON without choices[0].message")
    calls = tool_calls(message.get("tool_calls"))
    return Answer(
        content=text_of(message.get("content")) or text_of(message.get("refusal")),
        tool_calls=calls,
        finish_reason=short_text(choice.get("finish_reason")) or ("tool_calls" if calls else "stop"),
        usage=usage_of(data.get("usage")),
        model=short_text(data.get("model")),
        stand_in=stand_in_of(data),
    )


def json_object(text: bytes | str, server: Server) -> dict[str, Any]:
    """A JSON object that is no error object. Raises UpstreamError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_answer(server, f"no JSON ({_beginning(text)})") from None
    if not isinstance(data, dict):
        raise bad_answer(server, f"JSON, but no object ({_beginning(text)})")
    if data.get("error"):
        raise error_inside(server, data)
    return data


def text_of(content: object) -> str:
    """A message's text: a string, or the text parts of a list."""
    return well_formed(raw_text(content))


def raw_text(content: object) -> str:
    """The same as it came, halves of surrogate pairs included."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def tool_calls(listed: object) -> tuple[ToolCall, ...]:
    """The calls of a message, each with an id of its own."""
    if not isinstance(listed, list):
        return ()
    calls = [_tool_call(one) for one in listed if isinstance(one, dict)]
    return with_own_ids(calls)


def _tool_call(one: Mapping[str, Any]) -> ToolCall:
    function = one.get("function")
    function = function if isinstance(function, dict) else {}
    return ToolCall(
        short_text(one.get("id")), short_text(function.get("name")), arguments_text(function.get("arguments"))
    )


def arguments_text(arguments: object) -> str:
    """Arguments as JSON text; some servers send the object itself, or nothing for none."""
    if isinstance(arguments, str):
        return well_formed(arguments) or "{}"
    return "{}" if arguments is None else json_text(arguments)


def with_own_ids(calls: Iterable[ToolCall]) -> tuple[ToolCall, ...]:
    """The calls, with a new id where one lacks or repeats: a result finds its call by the id alone."""
    seen: set[str] = set()
    kept = []
    for call in calls:
        identifier = call.id if call.id and call.id not in seen else new_call_id()
        seen.add(identifier)
        kept.append(ToolCall(identifier, call.name, call.arguments_text))
    return tuple(kept)


def new_call_id() -> str:
    return f"call_{secrets.token_hex(12)}"


def usage_of(usage: object) -> Usage:
    """Tokens as counted by the server; what it did not count is 0."""
    if not isinstance(usage, dict):
        return NOTHING_USED
    return Usage(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))


def _count(value: object) -> int:
    return min(value, MOST_TOKENS) if isinstance(value, int) and value > 0 else 0


def stand_in_of(data: Mapping[str, Any]) -> str:
    """Names a stand-in that says so in its fingerprint, as this service's own do."""
    fingerprint = data.get("system_fingerprint")
    return "stand-in" if fingerprint == "stand-in" else ""


def short_text(value: object) -> str:
    """A name from outside: printable, at most 256 characters, else empty."""
    return value[:256] if isinstance(value, str) and value.isprintable() else ""


def _beginning(text: bytes | str) -> str:
    shown = text[:60]
    return f"it begins {shown!r}" if shown else "it is empty"
