"""A request's body: the right type, the right size, read within its time."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive

from mini_agent.app.admission import AppLimits
from mini_agent.app.guard import Headers, values_of
from mini_agent.app.refusal import Refusal, retry_after
from mini_agent.app.strict_json import BadJson, load

_JSON: Final = re.compile(r'application/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)


class ClientGone(Exception):
    """The client closed the connection before it had its answer."""


@dataclass
class BodyReader:
    """Reads bodies; all those being read or answered share `limits.bodies_bytes`."""

    limits: AppLimits
    held: int = 0

    async def read(self, headers: Headers, receive: Receive) -> Any:
        """The body's JSON. Raises Refusal 400, 408, 413, 415 or 429, and ClientGone."""
        check_type(headers)
        self._check_declared(headers)
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                body = await self._read(receive)
        except TimeoutError:
            raise Refusal(408, "the request took too long to arrive", code="request_timeout") from None
        try:
            return load(body)
        except BadJson as error:
            raise Refusal(400, str(error), code="invalid_json") from None

    def _check_declared(self, headers: Headers) -> None:
        declared = values_of(headers, b"content-length")
        if declared and declared[0].isdigit() and int(declared[0][:20]) > self.limits.body_bytes:
            raise self._too_large()

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                self._take(body, message.get("body", b""))
                if not message.get("more_body"):
                    return bytes(body)
        finally:
            self.held -= len(body)

    def _take(self, body: bytearray, part: bytes) -> None:
        if len(body) + len(part) > self.limits.body_bytes:
            raise self._too_large()
        if self.held + len(part) > self.limits.bodies_bytes:
            message = "too many large requests are arriving at once; try again"
            raise Refusal(429, message, code="too_many_requests", headers=retry_after(1))
        body += part
        self.held += len(part)

    def _too_large(self) -> Refusal:
        message = f"the request is larger than {self.limits.body_bytes} bytes"
        return Refusal(413, message, code="request_too_large")


def check_type(headers: Headers) -> None:
    """Raises Refusal 415 unless the body is declared once, as plain JSON in UTF-8."""
    types = values_of(headers, b"content-type")
    if len(types) != 1 or not _JSON.fullmatch(types[0].strip()):
        message = "the body must be sent as one `Content-Type: application/json`, in UTF-8"
        raise Refusal(415, message, code="unsupported_media_type")
    if any(one.strip().lower() not in ("", "identity") for one in values_of(headers, b"content-encoding")):
        message = "the body must be sent without a Content-Encoding"
        raise Refusal(415, message, code="unsupported_content_encoding")
