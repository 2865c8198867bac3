"""What can go wrong with a model server, and what a caller is told of it.

A caller of this service sees the status that fits the caller, as OpenAI-compatible gateways choose it:

| from the server | to the caller |
|---|---|
| 400, 409, 413, 422 and other 4xx: the request is at fault | the same; too long a context is always 400 `context_length_exceeded` |
| 404 that names a model | 404 `model_not_found` |
| 404 otherwise: the base is wrong | 502 `bad_base` |
| 401, 403: this service's key is at fault, never the caller's | 502 `upstream_auth` |
| 408, 504, silence | 504 `timeout` |
| 429 | 429 with `retry_after` |
| 503 | 503 with `retry_after` |
| other 5xx, redirects, refused or broken connections, answers that are no answer | 502 |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from mini_agent.interfaces import ModelError
from mini_agent.model.wire.text import json_text, one_line

RETRIED: Final = frozenset((429, 500, 502, 503))
_UNSERVED: Final = frozenset((401, 403, 404, 408, 429))
"""Statuses, beside 5xx, of an upstream that cannot serve the request, where another one may."""
_FIXED: Final = {
    401: (502, "upstream_auth"),
    403: (502, "upstream_auth"),
    408: (504, "timeout"),
    503: (503, "overloaded"),
    504: (504, "timeout"),
}
_CONTEXT: Final = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum context|exceeds? the (?:available )?context|too many (?:input )?tokens"
    r"|prompt is too long|input is too long|reduce the length",
    re.IGNORECASE,
)
_KEYS: Final = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][A-Za-z0-9*_-]{8,}|(?i:\bbearer\s+)[^\s\"',;]+")


class UpstreamError(ModelError):
    """A ModelError of one attempt. `again`: the same request may be sent again; `elsewhere`: another upstream may do.

    `upstream_status` is what the server said, 0 when it said nothing.
    """

    def __init__(
        self,
        message: str,
        status: int = 502,
        code: str = "model_error",
        *,
        retry_after: float | None = None,
        again: bool = False,
        elsewhere: bool = True,
        upstream_status: int = 0,
    ) -> None:
        super().__init__(message, status, code, retry_after)
        self.again = again
        self.elsewhere = elsewhere
        self.upstream_status = upstream_status


@dataclass(frozen=True, slots=True)
class Server:
    """Who answered, for messages: `name` is host and port. `secrets` are taken out of whatever it says."""

    name: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def shown(self, text: str) -> str:
        """The first 256 characters of `text`, on one line, without secrets: they go before it is cut."""
        return one_line(redacted(text, self.secrets))


def refused(
    server: Server,
    status: int,
    text: str,
    retry_after: float | None = None,
    *,
    told_not_to_retry: bool = False,
) -> UpstreamError:
    """The error for an answer with a status that is no success; `text` is its body."""
    return _refusal(server, status, *error_text(text), retry_after, told_not_to_retry=told_not_to_retry)


def _refusal(
    server: Server,
    status: int,
    said: str,
    code: str,
    retry_after: float | None = None,
    *,
    told_not_to_retry: bool = False,
) -> UpstreamError:
    said = server.shown(said)
    to_caller, own_code = _for_caller(status, code, said)
    hint = "; does MINI_AGENT_API_BASE lack /v1?" if own_code == "bad_base" else ""
    return UpstreamError(
        f"{server.name} answered {_named(status)}{hint}{f': {said}' if said else ''}",
        to_caller,
        own_code,
        retry_after=retry_after,
        again=status in RETRIED and not told_not_to_retry and own_code != "insufficient_quota",
        elsewhere=status in _UNSERVED or status >= 500 or status < 400,
        upstream_status=status,
    )


def _for_caller(status: int, code: str, said: str) -> tuple[int, str]:
    if status in (400, 413, 422) and (_CONTEXT.search(said) or code == "context_length_exceeded"):
        return 400, "context_length_exceeded"
    if status == 404:
        named = code == "model_not_found" or "model" in said.lower()
        return (404, "model_not_found") if named else (502, "bad_base")
    if status in _FIXED:
        return _FIXED[status]
    if status == 429:
        return 429, code or "rate_limit_exceeded"
    return (status, code or "invalid_request") if 400 <= status < 500 else (502, "model_error")


def bad_answer(server: Server, what: str) -> UpstreamError:
    """The server said yes and then gave no usable answer."""
    return UpstreamError(f"{server.name} gave no usable answer: {server.shown(what)}", 502, "bad_answer")


def broken_off(server: Server, what: str) -> UpstreamError:
    """The connection ended before the answer was whole."""
    return UpstreamError(
        f"{server.name} broke off its answer: {server.shown(what)}", 502, "broken_off", again=True
    )


def unreachable(server: Server, what: str) -> UpstreamError:
    """No connection, or one that closed before any answer."""
    return UpstreamError(
        f"{server.name} cannot be reached: {server.shown(what)}", 502, "unreachable", again=True
    )


def silent(server: Server, seconds: float) -> UpstreamError:
    """Nothing came for too long. Not sent again: the server may still be at work on it."""
    return UpstreamError(f"{server.name} did not answer within {seconds:g} s", 504, "timeout")


def error_inside(server: Server, data: dict[str, Any]) -> UpstreamError:
    """The error for an error object inside an answer of status 200; it may carry a status of its own."""
    error = data["error"]
    given = [str(error.get("status")), str(error.get("code"))] if isinstance(error, dict) else []
    status = next((int(one) for one in given if one.isdecimal() and 400 <= int(one) < 600), 0)
    said, code = _error_said(data)
    if status:
        return _refusal(server, status, said, code)
    return UpstreamError(
        f"{server.name} answered with an error: {server.shown(said)}", 502, code or "model_error"
    )


def error_text(body: str) -> tuple[str, str]:
    """Text and code from an error's body: OpenAI's shape, Ollama's, FastAPI's, or plain text."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return body, ""
    if isinstance(data, list) and data:
        data = data[0]
    return _error_said(data) if isinstance(data, dict) else (body, "")


def _error_said(data: dict[str, Any]) -> tuple[str, str]:
    error = data.get("error", data.get("detail", data.get("message", "")))
    if not isinstance(error, dict):
        return error if isinstance(error, str) else json_text(error), ""
    message = error.get("message") or error.get("type") or error
    said = message if isinstance(message, str) else json_text(message)
    code = error.get("code") or error.get("type")
    return said, code[:64] if isinstance(code, str) and code.isprintable() else ""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` without the given secrets and without what looks like a key."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "[redacted]")
    return _KEYS.sub("[redacted]", text)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
