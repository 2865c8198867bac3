"""Calls the tools of an HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Send = Callable[[str, Mapping[str, str], Mapping[str, Any]], Any]
"""The HTTP client: posts a body to a URL with headers."""


class HttpToolsInvoker:
    def __init__(self, url: str, headers: Mapping[str, str], send: Send) -> None:
        self._url = url
        self._headers = dict(headers)
        self._send = send

    def invoke(self, name: str, arguments: Mapping[str, Any]) -> Any:
        return self._send(f"{self._url}/{name}", self._headers, arguments)
