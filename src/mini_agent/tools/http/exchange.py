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
        body = await read_body(response, self._max_bytes if ok else ERROR_BYTES, cut=not ok)
        encoding = response.headers.get("content-encoding", "")
        return Answer(
            status=response.status_code,
            body=unpacked(body, encoding, self._max_bytes) if ok else body,
            content_type=response.headers.get("content-type", ""),
            location=target(response, self._url) if response.has_redirect_location else "",
        )


async def read_body(response: httpx2.Response, limit: int, cut: bool) -> bytes:
    """At most `limit` bytes; more is cut off, or raises TooLong."""
    announced = response.headers.get("content-length", "")
    if not cut and announced.isdigit() and int(announced[:20]) > limit:
        raise TooLong(f"the answer is longer than {limit} bytes")
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > limit:
            if cut:
                break
            raise TooLong(f"the answer is longer than {limit} bytes")
    return b"".join(parts)[:limit]


def target(response: httpx2.Response, url: str) -> str:
    """The origin and path that a redirect names, in words that are safe to show."""
    try:
        there = httpx2.URL(url).join(response.headers["location"])
    except (httpx2.InvalidURL, ValueError):
        return "something that is no URL"
    return one_line(f"{there.scheme}://{there.netloc.decode('ascii', 'replace').rpartition('@')[2]}")[:256]
