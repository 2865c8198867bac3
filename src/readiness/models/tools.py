"""Tools for a model that knows none: told in the system message, called through a constrained JSON object.

The model must write `{"name": tool, "arguments": {…}}`. Where it may also answer in words, one more name stands
for that. One call an answer: parallel calls are not offered.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from readiness.models.generation import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

REPLY: Final = "answer_in_words"
"""The name that stands for plain text; no tool may have it."""
_CALL: Final = re.compile(r'\{"name": "([^"]+)", "arguments": (.*)', re.DOTALL)
_REPLY_START: Final = '{"text": '
_LONGEST_ESCAPE: Final = 12
"""Characters of a surrogate pair written as two escapes."""
_LOOSE: Final[Mapping[str, Any]] = {"type": "object"}


@dataclass(frozen=True)
class Tool:
    """A function the model may call. `parameters` is a JSON schema of an object; `strict` promises that it is kept."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: _LOOSE)
    strict: bool = False


@dataclass(frozen=True)
class Call:
    """A tool call. `arguments` is JSON text, cut short when the answer hit its token limit."""

    name: str
    arguments: str


def call_schema(tools: Sequence[Tool], words: bool) -> dict[str, Any]:
    """The JSON schema of one call of any of `tools`, or, with `words`, of an answer in words."""
    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    shapes = [_shape(REPLY, text | {"additionalProperties": False})] if words else []
    shapes += [_shape(tool.name, tool.parameters) for tool in tools]
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _shape(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def loosened(tool: Tool) -> Tool:
    """The same tool with nothing promised of its arguments but the names and required ones of a flat object."""
    properties = tool.parameters.get("properties")
    names = list(properties) if isinstance(properties, dict) else []
    required = [name for name in tool.parameters.get("required") or () if name in names]
    parameters: dict[str, Any] = {
        "type": "object",
        "properties": {name: {} for name in names},
        "required": required,
    }
    return Tool(tool.name, tool.description, parameters)


def with_tools(messages: Sequence[Message], tools: Sequence[Tool], words: bool) -> tuple[Message, ...]:
    """`messages` with the tools told at the end of the system message, which is made where there is none."""
    told = instructions(tools, words)
    if messages and messages[0].role == "system":
        first = Message("system", f"{messages[0].content}\n\n{told}".lstrip())
        return (first, *messages[1:])
    return (Message("system", told), *messages)


def instructions(tools: Sequence[Tool], words: bool) -> str:
    """What the model is told of its tools: each with the very text of a call, since a small model copies what it sees."""
    lines = ["Choose the function that fits the user's request and call it with one JSON object."]
    lines += [f"- {tool.description or tool.name} {_example(tool)}" for tool in tools]
    if words:
        lines.append(f"- Talk: {call_text(REPLY, {'text': '...'})}")
        lines.append(f"User: Hello! You: {call_text(REPLY, {'text': 'Hello!'})}")
        lines.append(f"User: {tools[0].description or tools[0].name} You: {_example(tools[0])}")
    return "\n".join(lines)


def _example(tool: Tool) -> str:
    properties = tool.parameters.get("properties")
    return call_text(tool.name, dict.fromkeys(properties if isinstance(properties, dict) else (), "..."))


def call_text(name: str, arguments: object) -> str:
    """A call as the model writes it. `arguments` may already be JSON text."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return f'{{"name": {json.dumps(name)}, "arguments": {written}}}'


def result_text(name: str, content: str) -> str:
    """A tool's result as the model reads it."""
    return f"Result of {name or 'the function'}: {content}"


def parse_call(text: str) -> Call | str:
    """What the model wrote under `call_schema`: a call, or its answer in words. Tolerates a text that was cut short."""
    found = _CALL.match(text)
    if not found:
        return Call("", text)
    name, rest = found.groups()
    arguments = rest[:-1] if _is_whole(text) else rest
    return _words(arguments) if name == REPLY else Call(name, arguments)


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _words(arguments: str) -> str:
    """The text of an answer in words, as far as it goes: where it was cut, half an escape is dropped."""
    body = arguments.removeprefix(_REPLY_START)
    attempts = [body, *(body[: len(body) - cut] + '"' for cut in range(_LONGEST_ESCAPE))]
    for attempt in attempts:
        try:
            value = json.JSONDecoder().raw_decode(attempt)[0]
        except ValueError:
            continue
        return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
    return ""
