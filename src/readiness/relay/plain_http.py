"""A few small requests from the gate itself, to learn who a server is and what it can do. No library, no retries."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from readiness.record.value import value
from readiness.relay.plan import base_fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

SECONDS: Final = 30.0
LIMIT: Final = 4 << 20
"""Bytes of an answer that are read."""


class NoAnswer(Exception):
    """The server gave no HTTP answer; the message says why."""


@value
class Reply:
    """An answer. `first` and `end` are when its body began and ended, on the clock of `time.monotonic`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    first: float
    end: float

    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def ask(
    url: str, body: Any = None, headers: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> Reply:
    """GET `url`, or POST `body` to it as JSON. Raises NoAnswer."""
    if fault := base_fault(url):
        raise NoAnswer(fault)
    data = None if body is None else json.dumps(body).encode()
    fields = {"Accept-Encoding": "identity", "Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, fields)
    try:
        with _opener(url).open(request, timeout=seconds) as answer:
            return _read(answer, answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return _read(error, error.code)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise NoAnswer(f"{_without_path(url)}: {str(reason) or type(error).__name__}") from error


def _read(answer: Any, status: int) -> Reply:
    start = answer.read1(1)
    first = time.monotonic()
    body = start + answer.read(LIMIT)
    headers = {name.lower(): text for name, text in answer.headers.items()}
    return Reply(status, headers, body, first, time.monotonic())


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Proxies of the environment are for other machines."""
    host = urlsplit(url).hostname or ""
    local = host == "localhost" or host.startswith("127.") or host == "::1"
    proxies = urllib.request.ProxyHandler({} if local else None)
    return urllib.request.build_opener(proxies, _NoRedirect())


def _without_path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
