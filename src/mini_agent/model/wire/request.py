"""A request as OpenAI's chat completions API takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mini_agent.conversation import ToolDefinition
from mini_agent.interfaces import ModelError, ModelRequest


def native_body(request: ModelRequest, model: str) -> dict[str, Any]:
    """The JSON object for a model with tools of its own. Fields of the request win over `options`."""
    body: dict[str, Any] = {key: value for key, value in (request.options or {}).items() if value is not None}
    if body.pop("n", 1) != 1:
        raise ModelError("n must be 1: ask once for each answer", 400, "invalid_request")
    body |= {"model": model, "messages": list(request.messages)}
    body |= _sampling(request)
    if request.tools:
        body["tools"] = [tool_json(tool) for tool in request.tools]
        if request.tool_choice is not None:
            body["tool_choice"] = request.tool_choice
    return body


def _sampling(request: ModelRequest) -> dict[str, Any]:
    given = {"temperature": request.temperature, "seed": request.seed, "max_tokens": request.max_tokens}
    return {name: value for name, value in given.items() if value is not None}


def tool_json(tool: ToolDefinition) -> dict[str, Any]:
    """A tool as the API takes it."""
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def encoded(body: Mapping[str, Any], *, stream: bool) -> bytes:
    """The request's bytes. Raises ModelError (400) for what JSON cannot carry."""
    sent = {name: value for name, value in body.items() if name != "stream_options"} | {"stream": stream}
    if stream:
        sent["stream_options"] = {"include_usage": True}
    try:
        return json.dumps(sent, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"the request is no JSON: {error}", 400, "invalid_request") from None
