"""One call of a tool server: sent once, sent again only while the server says that it is busy."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import httpx2

from mini_agent.tools.http.answer import Answer, TooLong, one_line, unpacked
from mini_agent.tools.http.pinned import CONNECT_SECONDS
from mini_agent.tools.http.retry import RetryRule, pause, retry_after

ERROR_BYTES = 64 * 1024
"""Read of an answer that is an error; its first characters alone are shown."""

ERROR_SECONDS = 2.0
"""For the body of an error: the status is worth more than waiting for all of the words."""


class Exchange:
    """A request, and how often it was sent again. Use it for one call.

    Nothing is followed: a redirect is an answer, since following one would send a call twice.
    """

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport,
        method: str,
        url: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes | None,
        rule: RetryRule,
        max_bytes: int,
    ) -> None:
        self.retries = 0
        self._transport = transport
        self._method = method
        self._url = url
        self._headers = headers
        self._body = body
        self._rule = rule
        self._max_bytes = max_bytes

    async def run(self, timeout: float) -> Answer:
        """Raises TimeoutError after `timeout` seconds in all, httpx2.HTTPError, TooLong, BadEncoding."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        async with asyncio.timeout_at(until):
            while True:
                answer, asked = await self._once()
                wait = pause(
                    answer.status, asked, self.retries, until - loop.time(), self._rule, random.random
                )
                if wait is None:
                    return answer
                await asyncio.sleep(wait)
                self.retries += 1

    async def _once(self) -> tuple[Answer, float | None]:
        """The answer, and the seconds that it asks to wait."""
        request = httpx2.Request(
            self._method,
            self._url,
            headers=list(self._headers),
            content=self._body,
            extensions={"timeout": {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}},
        )
        response = await self._transport.handle_async_request(request)
        try:
            return await self._read(response), retry_after(
                response.headers.get("retry-after", ""), datetime.now(UTC)
            )
        finally:
            await response.aclose()

    async def _read(self, response: httpx2.Response) -> Answer:
        ok = 200 <= response.status_code < 300
        body = await (whole_body(response, self._max_bytes) if ok else first_bytes(response, ERROR_BYTES))
        encoding = response.headers.get("content-encoding", "")
        return Answer(
            status=response.status_code,
            body=unpacked(body, encoding, self._max_bytes) if ok else body,
            content_type=response.headers.get("content-type", ""),
            location=target(response, self._url) if response.has_redirect_location else "",
        )


async def whole_body(response: httpx2.Response, limit: int) -> bytes:
    """Raises TooLong for more than `limit` bytes."""
    announced = response.headers.get("content-length", "")
    body = bytearray()
    if not (announced.isdigit() and int(announced[:20]) > limit):
        async for part in response.aiter_raw():
            body += part
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise TooLong(f"the answer is longer than {limit} bytes")


async def first_bytes(response: httpx2.Response, limit: int) -> bytes:
    """What comes within ERROR_SECONDS, at most `limit` bytes of it."""
    body = bytearray()
    try:
        async with asyncio.timeout(ERROR_SECONDS):
            async for part in response.aiter_raw():
                body += part
                if len(body) > limit:
                    break
    except (TimeoutError, httpx2.HTTPError):
        # An error that breaks off is still that error.
        pass
    return bytes(body[:limit])


def target(response: httpx2.Response, url: str) -> str:
    """The origin and path that a redirect names, in words that are safe to show."""
    try:
        there = httpx2.URL(url).join(response.headers["location"])
    except (httpx2.InvalidURL, ValueError):
        return "something that is no URL"
    return one_line(f"{there.scheme}://{there.netloc.decode('ascii', 'replace').rpartition('@')[2]}")[:256]
