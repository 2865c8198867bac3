"""The headers that a tool is called with: the environment's, and over them the request's."""

from __future__ import annotations

import json
from collections.abc import Mapping

VARIABLE = "GATEWAY_TOOL_HTTP_HEADERS"


def environment_headers(environ: Mapping[str, str]) -> dict[str, str]:
    return dict(json.loads(environ.get(VARIABLE, "{}")))


def merge_headers(environment: Mapping[str, str], request: Mapping[str, str]) -> dict[str, str]:
    """The request wins; names are compared without case."""
    asked = {name.lower() for name in request}
    kept = {name: value for name, value in environment.items() if name.lower() not in asked}
    return {**kept, **request}
