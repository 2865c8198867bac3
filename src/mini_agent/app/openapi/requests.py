"""The schemas of requests: those that pydantic checks by, and what this service asks for beyond them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mini_agent.app.agent_request import AgentRequest
from mini_agent.app.openai.request import ChatRequest

REFERENCE: Final = "#/components/schemas/{model}"
_RESERVED: Final = (
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
)
_HEADERS: Final[Mapping[str, Any]] = {
    "type": "object",
    "maxProperties": 32,
    "additionalProperties": {"type": "string", "maxLength": 256, "pattern": r"^[ -~]*$"},
}


def request_schemas(allowed_tool_urls: str = "", mcp_servers: tuple[str, ...] = ()) -> dict[str, Any]:
    """By name, for `components`. `allowed_tool_urls` is a pattern, empty for any; `mcp_servers` names those that are configured."""
    schemas: dict[str, Any] = {}
    for model in (AgentRequest, ChatRequest):
        schema = model.model_json_schema(ref_template=REFERENCE)
        schemas |= schema.pop("$defs", {})
        schemas[schema["title"]] = schema
    _refine_run(schemas["AgentRun"], allowed_tool_urls, mcp_servers)
    schemas["ChatCompletion"]["allOf"] = [_TOOLS_FOR_A_CHOICE]
    return schemas


def _refine_run(schema: dict[str, Any], allowed_tool_urls: str, mcp_servers: tuple[str, ...]) -> None:
    fields = schema["properties"]
    _within(fields["tool_http_headers"], {**_HEADERS, "propertyNames": _names()})
    if allowed_tool_urls:
        _within(
            fields["tool_http_base_url"], {"type": "string", "maxLength": 2048, "pattern": allowed_tool_urls}
        )
        fields["mcp_server"]["anyOf"] = [
            *([{"type": "string", "enum": list(mcp_servers)}] if mcp_servers else []),
            {"type": "string", "maxLength": 2048, "pattern": allowed_tool_urls},
            {"type": "null"},
        ]
    schema["allOf"] = [
        _needs("tool_backend", "http", "tool_http_base_url"),
        _needs("tool_backend", "mcp", "mcp_server"),
        _needs("escalate_on_budget_exceeded", True, "escalate_model"),
    ]


def _within(field: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Replace what is not null of an optional field."""
    field["anyOf"] = [dict(schema), {"type": "null"}]


def _names() -> dict[str, Any]:
    reserved = "|".join("".join(_either(one) for one in name) for name in _RESERVED)
    proxy = "".join(_either(one) for one in "proxy-")
    return {"pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$", "not": {"pattern": f"^({reserved}|{proxy}.*)$"}}


def _either(letter: str) -> str:
    return f"[{letter.upper()}{letter}]" if letter.isalpha() else re.escape(letter).replace("\\-", "-")


def _needs(field: str, value: Any, other: str) -> dict[str, Any]:
    """With `value` in `field`, `other` must be there and not be null or empty."""
    return {
        "if": {"properties": {field: {"const": value}}, "required": [field]},
        "then": {"properties": {other: {"type": "string", "minLength": 1}}, "required": [other]},
    }


_TOOLS_FOR_A_CHOICE: Final = {
    "if": {"properties": {"tool_choice": {"not": {"enum": [None, "none"]}}}, "required": ["tool_choice"]},
    "then": {"properties": {"tools": {"type": "array"}}, "required": ["tools"]},
}
