"""One request of an agent: pick the model, call the tool, answer with both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaky_gateway.headers import environment_headers, merge_headers
from leaky_gateway.router import choose_model
from leaky_gateway.tools import HttpToolsInvoker, Send


class BadRequest(ValueError):
    """The request cannot be used; the message says why."""


def run_agent(request: Mapping[str, Any], environ: Mapping[str, str], send: Send) -> dict[str, Any]:
    if not request.get("tool_url"):
        raise BadRequest("tool_url is missing")
    headers = merge_headers(environment_headers(environ), request.get("tool_headers", {}))
    invoker = HttpToolsInvoker(request["tool_url"], headers, send)
    result = invoker.invoke(str(request.get("tool", "echo")), request.get("arguments", {}))
    return {"model": choose_model(request), "result": result}
