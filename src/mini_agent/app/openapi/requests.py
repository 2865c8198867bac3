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
    """What the tools ask of a request is asked where it uses them."""
    url = {"type": "string", "minLength": 1, "maxLength": 2048}
    if allowed_tool_urls:
        url["pattern"] = allowed_tool_urls
    headers = {"anyOf": [{**_HEADERS, "propertyNames": _names()}, {"type": "null"}]}
    server = {"anyOf": [url, *([{"type": "string", "enum": list(mcp_servers)}] if mcp_servers else [])]}
    schema["allOf"] = [
        _needs("tool_backend", "http", "tool_http_base_url", url, tool_http_headers=headers),
        _needs("tool_backend", "mcp", "mcp_server", server, tool_http_headers=headers),
        _needs("escalate_on_budget_exceeded", True, "escalate_model", {"type": "string", "minLength": 1}),
    ]


def _names() -> dict[str, Any]:
    reserved = "|".join("".join(_either(one) for one in name) for name in _RESERVED)
    proxy = "".join(_either(one) for one in "proxy-")
    return {"pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$", "not": {"pattern": f"^({reserved}|{proxy}.*)$"}}


def _either(letter: str) -> str:
    return f"[{letter.upper()}{letter}]" if letter.isalpha() else re.escape(letter).replace("\\-", "-")


def _needs(field: str, value: Any, other: str, schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """With `value` in `field`, `other` must be there and fit `schema`; `more` are schemas of further fields."""
    return {
        "if": {"properties": {field: {"const": value}}, "required": [field]},
        "then": {"properties": {other: schema, **more}, "required": [other]},
    }


_TOOLS_FOR_A_CHOICE: Final = {
    "if": {"properties": {"tool_choice": {"not": {"enum": [None, "none"]}}}, "required": ["tool_choice"]},
    "then": {"properties": {"tools": {"type": "array"}}, "required": ["tools"]},
}
