"""Errors that the relay answers by itself, in the shape that the client of each API expects."""

from __future__ import annotations

import json
from typing import Any


def error_body(kind: str, status: int, word: str, message: str) -> bytes:
    """An error answer as JSON. `word` is one of the error classes of `call`."""
    return json.dumps(_shaped(kind, status, word, message)).encode()


def _shaped(kind: str, status: int, word: str, message: str) -> Any:
    if kind == "ollama":
        return {"error": message}
    if kind == "anthropic":
        names = {400: "invalid_request_error", 404: "not_found_error", 413: "request_too_large"}
        return {"type": "error", "error": {"type": names.get(status, "api_error"), "message": message}}
    if kind == "openai":
        kind_of_error = "invalid_request_error" if status < 500 else "server_error"
        return {"error": {"message": message, "type": kind_of_error, "param": None, "code": word}}
    return {"error": {"message": message, "type": word}}
