"""The tools of an HTTP server, for one run."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from mini_agent.conversation import ToolDefinition, ToolOutcome
from mini_agent.headers.merge import add_absent
from mini_agent.headers.redact import redact
from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http.address import AllowList
from mini_agent.tools.http.answer import (
    Answer,
    BadEncoding,
    TooLong,
    complaint,
    content_of,
    one_line,
    tool_list,
)
from mini_agent.tools.http.endpoint import Endpoint
from mini_agent.tools.http.exchange import Exchange
from mini_agent.tools.http.pinned import PinnedTransport
from mini_agent.tools.http.retry import RetryRule

OURS = {
    "Accept": "application/json, text/plain;q=0.9, */*;q=0.1",
    "Accept-Encoding": "identity",
    "User-Agent": "mini-agent",
}
"""Sent unless a caller set them."""

OF_A_BODY = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class HttpRules:
    """Bounds of an HTTP backend: seconds and bytes."""

    list_timeout: float = 10.0
    max_bytes: int = 1024 * 1024
    retry: RetryRule = field(default_factory=RetryRule)


class HttpTools:
    """A ToolBackend. `headers` are merged and checked already (`mini_agent.headers.merge`); each goes out once a call.

    A call that fails on the way is an outcome, not an exception: whether it reached the server cannot be known, so it is
    not sent again. 2xx is success; what the body says is for the model to read.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        allow: AllowList,
        headers: tuple[tuple[str, str], ...] = (),
        rules: HttpRules = HttpRules(),
    ) -> None:
        self._endpoint = endpoint
        self._headers = add_absent(headers, OURS)
        self._secrets = tuple(value for _, value in headers)
        self._rules = rules
        self._transport = PinnedTransport(endpoint, allow)

    async def definitions(self) -> Sequence[ToolDefinition]:
        """`GET /tools`. Raises ToolBackendError."""
        exchange = self._exchange("GET", "/tools", None)
        try:
            answer = await exchange.run(self._rules.list_timeout)
        except FAULTS as error:
            raise self._unusable(self._fault(error, self._rules.list_timeout)) from None
        if not answer.ok:
            raise self._unusable(complaint(answer, self._secrets))
        try:
            return tool_list(answer)
        except ToolBackendError as error:
            raise self._unusable(redact(str(error), self._secrets)) from None

    async def invoke(
        self,
        call_id: str,  # noqa: ARG002 - the protocol's
        name: str,
        arguments: Mapping[str, Any],
        timeout: float,
    ) -> ToolOutcome:
        """`POST /invoke`, once; again only after 429 and 503. `call_id` is not sent."""
        started = time.perf_counter()
        try:
            body = json.dumps({"name": name, "arguments": dict(arguments)}, allow_nan=False).encode("ascii")
        except (ValueError, TypeError, RecursionError):
            return failed("the arguments cannot be written as JSON", started, 0)
        exchange = self._exchange("POST", "/invoke", body)
        try:
            answer = await exchange.run(timeout)
        except FAULTS as error:
            return failed(self._fault(error, timeout), started, exchange.retries)
        return self._outcome(answer, started, exchange.retries)

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _exchange(self, method: str, below: str, body: bytes | None) -> Exchange:
        headers = self._headers if body is None else add_absent(self._headers, OF_A_BODY)
        return Exchange(
            self._transport,
            method,
            self._endpoint.url(below),
            headers,
            body,
            self._rules.retry,
            self._rules.max_bytes,
        )

    def _outcome(self, answer: Answer, started: float, retries: int) -> ToolOutcome:
        if not answer.ok:
            return failed(complaint(answer, self._secrets), started, retries)
        return ToolOutcome(ok=True, content=content_of(answer), ms=since(started), retries=retries)

    def _fault(self, error: Exception, timeout: float) -> str:
        """One line, without any header value."""
        if isinstance(error, TimeoutError):
            return f"the tool server did not answer within {timeout:g} s"
        if isinstance(error, (TooLong, BadEncoding)):
            return str(error)
        if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
            said = f"no connection to the tool server: {error}"
        else:
            said = f"the tool server broke off: {error or type(error).__name__}"
        return one_line(redact(said, self._secrets))

    def _unusable(self, reason: str) -> ToolBackendError:
        return ToolBackendError(f"tool server {self._endpoint.url()}: {reason}")


FAULTS = (TimeoutError, httpx2.HTTPError, TooLong, BadEncoding)


def failed(error: str, started: float, retries: int) -> ToolOutcome:
    return ToolOutcome(ok=False, content=error, error=error, ms=since(started), retries=retries)


def since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
