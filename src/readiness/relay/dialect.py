"""The preflight's small requests, in the words of each API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.relay.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

TOOL: Final = "lookup_weather"
PARAMETERS: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
DESCRIPTION: Final = "The weather in a city right now"
MARK: Final = "zq7"
"""A word that no model says unless a schema makes it."""
SCHEMA: Final = {
    "type": "object",
    "properties": {"mark": {"type": "string", "enum": [MARK]}},
    "required": ["mark"],
    "additionalProperties": False,
}
PATHS: Final = {"openai": "/chat/completions", "ollama": "/api/chat", "anthropic": "/v1/messages"}
SHAPES: Final = {"openai": Shape.CHAT, "ollama": Shape.OLLAMA_CHAT, "anthropic": Shape.MESSAGES}


def address(base: str, kind: str) -> str:
    """Where chats go. OpenAI's base ends in /v1, by convention; a bare one gets it."""
    prefix = "/v1" if kind == "openai" and not base.rstrip("/").endswith("/v1") else ""
    root = base.rstrip("/")
    if kind == "anthropic" and root.endswith("/v1"):
        root = root[:-3]
    return f"{root}{prefix}{PATHS[kind]}"


def headers(kind: str, key: str) -> Mapping[str, str]:
    if kind == "anthropic":
        return {"anthropic-version": "2023-06-01", **({"x-api-key": key} if key else {})}
    return {"Authorization": f"Bearer {key}"} if key else {}


def chat(
    kind: str, model: str, prompt: str, tokens: int = 24, *, seed: int | None = None, stream: bool = False
) -> dict[str, Any]:
    """A chat of one message. A seed comes with a temperature at which it matters."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": stream,
    }
    sampling = {} if seed is None else {"seed": seed, "temperature": 1.0}
    if kind == "ollama":
        return {**body, "options": {"num_predict": tokens, **sampling}}
    return {**body, "max_tokens": tokens, **sampling}


def with_tool(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat with a tool that must be called, where the API can say so."""
    if kind == "anthropic":
        tool = {"name": TOOL, "description": DESCRIPTION, "input_schema": PARAMETERS}
        return {**body, "tools": [tool], "tool_choice": {"type": "any"}}
    function = {"name": TOOL, "description": DESCRIPTION, "parameters": PARAMETERS}
    tools = [{"type": "function", "function": function}]
    return (
        {**body, "tools": tools} if kind == "ollama" else {**body, "tools": tools, "tool_choice": "required"}
    )


def with_schema(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat with an answer that must follow a schema."""
    if kind == "ollama":
        return {**body, "format": SCHEMA}
    form = {"type": "json_schema", "json_schema": {"name": "mark", "strict": True, "schema": SCHEMA}}
    return {**body, "response_format": form}
