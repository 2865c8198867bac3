"""What an MCP server's answers mean: tools to definitions, a call's result to what a model reads. Pure.

Results are the JSON objects of the protocol (MCP 2025-11-25, server features: tools), camel case as on the wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mini_agent.conversation import ToolDefinition, ToolOutcome
from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http.answer import MAX_TOOLS, one_line

NAME_LENGTH = 64
ERROR_SHOWN = 256


def definitions_of(tools: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ToolDefinition]]:
    """By the name that a model sees: the server's own name of the tool, and its definition.

    MCP allows names that OpenAI's API does not take (dots, slashes, 128 characters); they are spelled differently for
    the model, and each stays one of a kind. Raises ToolBackendError for too many tools, or a name that comes twice.
    """
    found: dict[str, tuple[str, ToolDefinition]] = {}
    known: set[str] = set()
    for tool in tools:
        name = tool["name"]
        if name in known:
            raise ToolBackendError(f"the tool list has {one_line(name)[:128]!r} twice")
        if len(found) == MAX_TOOLS:
            raise ToolBackendError(f"the tool list has more than {MAX_TOOLS} tools")
        known.add(name)
        shown = spelled(name, found)
        found[shown] = name, ToolDefinition(shown, tool.get("description") or "", tool["inputSchema"])
    return found


def spelled(name: str, taken: Iterable[str]) -> str:
    """A name of letters, digits, _ and -, at most 64 long, that is not taken: the name itself where it can be."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:NAME_LENGTH] or "_"
    shown, number = plain, 1
    while shown in taken:
        number += 1
        ending = f"_{number}"
        shown = plain[: NAME_LENGTH - len(ending)] + ending
    return shown


def outcome_of(result: Mapping[str, Any], ms: float) -> ToolOutcome:
    """A `CallToolResult`. `isError` is a failure whose text goes to the model, so that it can do better."""
    content = text_of(result)
    if result.get("isError"):
        return ToolOutcome(
            ok=False, content=content, error=one_line(content)[:ERROR_SHOWN] or "the tool failed", ms=ms
        )
    return ToolOutcome(ok=True, content=content, ms=ms)


def text_of(result: Mapping[str, Any]) -> str:
    """The text parts one below the other, other parts named, and the structured content where the text lacks it."""
    parts = [part_text(part) for part in result.get("content", ())]
    text = "\n".join(parts)
    if "structuredContent" not in result or says(text, result["structuredContent"]):
        return text
    structured = json.dumps(result["structuredContent"], ensure_ascii=False)
    return f"{text}\n{structured}" if text else structured


def says(text: str, structured: Any) -> bool:
    """Whether the text is the structured content already. Servers wrap what is no object as `{"result": ...}`."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = text
    wrapped = isinstance(structured, dict) and set(structured) == {"result"}
    return same(read, structured) or (
        wrapped and (same(read, structured["result"]) or text == structured["result"])
    )


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def part_text(part: Mapping[str, Any]) -> str:
    """A content block as text; what is no text is named with its type and size."""
    kind = part.get("type")
    if kind == "text":
        return str(part["text"])
    if kind in ("image", "audio"):
        return f"[{kind} {part.get('mimeType', '')}, {decoded_size(part['data'])} bytes]"
    if kind == "resource_link":
        return f"[resource {part['uri']}]"
    if kind == "resource":
        return resource_text(part["resource"])
    return f"[{kind}]"


def resource_text(resource: Mapping[str, Any]) -> str:
    """An embedded resource: its text below its name, or its name and size."""
    if "text" in resource:
        return f"[resource {resource['uri']}]\n{resource['text']}"
    kind = resource.get("mimeType") or "application/octet-stream"
    return f"[resource {resource['uri']} {kind}, {decoded_size(resource.get('blob', ''))} bytes]"


def decoded_size(data: str) -> int:
    """Bytes that base64 text stands for."""
    return len(data.rstrip("=")) * 3 // 4
