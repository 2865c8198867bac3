"""Tools for a model that has none of its own: told in the system message, called through one constrained JSON object.

The model writes `{"name": tool, "arguments": {…}}`, or, where it may answer, the same with a name that stands for the
answer. One call an answer. The form is one that small models keep to: they copy the examples they see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mini_agent.conversation import Message, ToolDefinition
from mini_agent.interfaces import ModelError, ModelRequest
from mini_agent.model.schema.call_schema import call_schema
from mini_agent.model.schema.history import call_text, has_tool_traffic, plain_messages
from mini_agent.model.wire.request import native_body


@dataclass(frozen=True, slots=True)
class Offer:
    """What the model may write. `answer_name` is empty where a call is required; `answer_schema` None for plain text."""

    tools: tuple[ToolDefinition, ...]
    answer_name: str
    answer_schema: Mapping[str, Any] | None = None


def offer_of(request: ModelRequest) -> Offer:
    """What a request lets the model write. Raises ModelError (400) for a tool choice that names no tool."""
    choice = request.tool_choice
    tools = () if choice == "none" else tuple(request.tools)
    required = choice == "required"
    if isinstance(choice, Mapping):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, Mapping) else None
        tools, required = tuple(tool for tool in tools if tool.name == name), True
        if not tools:
            raise ModelError(
                f"tool_choice names {name!r}, which is none of the tools", 400, "invalid_request"
            )
    answer = "" if required and tools else _free_name({tool.name for tool in tools})
    return Offer(tools, answer, _answer_schema(request))


def schema_body(request: ModelRequest, model: str, offer: Offer, *, loose: bool = False) -> dict[str, Any]:
    """The request's JSON object for a model without tools. `loose`: nothing is promised of the arguments but names."""
    body = native_body(request, model)
    for name in ("tools", "tool_choice", "parallel_tool_calls"):
        body.pop(name, None)
    in_words = offer.tools and offer.answer_schema is None
    body["messages"] = plain_messages(request.messages, offer.answer_name if in_words else "")
    if offer.tools:
        schema = call_schema(offer.tools, offer.answer_name, offer.answer_schema, loose=loose)
        told = instructions(offer, after_result=has_tool_traffic(request.messages))
        body["messages"] = _with_instructions(body["messages"], told)
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "call", "schema": schema}}
    return body


def instructions(offer: Offer, *, after_result: bool = False) -> str:
    """What the model is told: each tool with the very text of a call of it, then one short exchange for each choice.

    `after_result` adds one of what follows a result: without it a small model calls the same tool again.
    """
    lines = ["Choose the tool that fits the user's request and call it with one JSON object:"]
    exchanges = []
    for tool in offer.tools:
        properties = _properties(tool)
        call = call_text(tool.name, dict.fromkeys(properties, "..."))
        lines.append(f"- {tool.description or tool.name}: {call}")
        lines += [f"  {name}: {text}" for name, text in _described(properties)]
        exchanges.append(f"User: {tool.description or tool.name} with {tool.name}. You: {call}")
    if offer.answer_name:
        key = "text" if offer.answer_schema is None else "value"
        lines.append(f"- Talk to the user: {call_text(offer.answer_name, {key: '...'})}")
        exchanges.insert(0, f"User: Hello! You: {call_text(offer.answer_name, {key: 'Hello!'})}")
        if after_result:
            told = call_text(offer.answer_name, {key: "The result is 12."})
            exchanges.append(f"User: Result of {offer.tools[0].name}: 12 You: {told}")
    return "\n".join([*lines, *exchanges])


def _with_instructions(messages: Sequence[Message], told: str) -> list[Message]:
    """The instructions at the end of the system message that comes first, or in one of their own."""
    first = messages[0] if messages else {}
    if first.get("role") == "system" and isinstance(first.get("content"), str):
        return [first | {"content": f"{first['content']}\n\n{told}".lstrip()}, *messages[1:]]
    return [{"role": "system", "content": told}, *messages]


def _properties(tool: ToolDefinition) -> Mapping[str, Any]:
    properties = tool.parameters.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _described(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    texts = [(name, one.get("description")) for name, one in properties.items() if isinstance(one, Mapping)]
    return [(name, text) for name, text in texts if isinstance(text, str) and text]


def _free_name(taken: set[str]) -> str:
    name = "answer"
    while name in taken:
        name += "_"
    return name


def _answer_schema(request: ModelRequest) -> Mapping[str, Any] | None:
    """The schema that the caller asks of the answer itself."""
    form = (request.options or {}).get("response_format")
    if not isinstance(form, Mapping) or form.get("type") not in ("json_schema", "json_object"):
        return None
    described = form.get("json_schema")
    schema = described.get("schema") if isinstance(described, Mapping) else None
    return schema if isinstance(schema, Mapping) else {"type": "object"}
