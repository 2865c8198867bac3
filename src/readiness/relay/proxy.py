"""Takes a request, passes it on or replays it, and writes down what happened: one line each, however it ends."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from readiness.record.value import replace
from readiness.relay.asked import read_asked
from readiness.relay.call import CLIENT_GONE, NO_RECORDING, RELAY_STOPPED
from readiness.relay.cassette import replayed_fields
from readiness.relay.exchange import Exchange
from readiness.relay.headers import first, forwarded, returned
from readiness.relay.incoming import Refused, address_of, place_of, read_body, refuse_what_cannot_pass
from readiness.relay.player import NotRecorded
from readiness.relay.refusal import error_body
from readiness.relay.shapes import shape_of
from readiness.relay.upstream import FAILURES, SENTENCES, failure_of, open_session, proxy_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Final

    from readiness.relay.call import Call
    from readiness.relay.ledger import Ledger
    from readiness.relay.plan import Plan
    from readiness.relay.prices import Prices
    from readiness.relay.secrets_seen import SecretsSeen
    from readiness.relay.tapes import Tapes

SERVER: Final = "readiness-relay"
LARGE: Final = 1 << 16
"""Bytes from which a body is sent in pieces."""
TEXTS: Final = ("path", "model", "model_answered", "system_fingerprint", "detail")
"""Fields of a call that hold what others wrote."""
DETAIL: Final = 500
"""Characters of an error's text that are kept."""
GONE: Final = 499
"""The status of an answer that nobody hears."""


class ClientGone(Exception):
    """The client closed its connection before its answer was whole."""


class Relay:
    """Answers every request of a run.

    `stopping` is set when calls under way are cut off by us, not by their clients. `broken` is called when a call
    cannot be written down: a relay that does not count must not go on.
    """

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        tapes: Tapes,
        secrets: SecretsSeen,
        prices: Prices,
        broken: Callable[[OSError], None],
    ) -> None:
        self.stopping = False
        self._plan: Final = plan
        self._ledger: Final = ledger
        self._tapes: Final = tapes
        self._secrets: Final = secrets
        self._prices: Final = prices
        self._broken: Final = broken
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, and write its line."""
        exchange = Exchange(request.method)
        ordinal = 0
        try:
            tail, body = await self._read(request, exchange)
            if exchange.route and exchange.route.mode == "replay":
                return await self._replay(request, exchange)
            ordinal = self._tapes.ordinal(exchange)
            return await self._pass(request, exchange, tail, body, ordinal)
        except Refused as refused:
            exchange.fail(refused.word, str(refused))
            return _refusal(exchange, refused)
        except (ClientGone, ConnectionError):
            exchange.fail(CLIENT_GONE)
            return web.Response(status=GONE)
        except asyncio.CancelledError:
            if not exchange.whole:
                exchange.fail(RELAY_STOPPED if self.stopping else CLIENT_GONE)
            raise
        finally:
            self._write(exchange, ordinal)

    def _write(self, exchange: Exchange, ordinal: int) -> None:
        """Write the line of an exchange, once."""
        if exchange.written:
            return
        exchange.written = True
        call, said = exchange.finish(self._prices)
        try:
            self._ledger.write(_without_secrets(call, self._secrets), said)
            if exchange.whole or not call.error:
                self._tapes.record(exchange, ordinal)
        except OSError as error:
            self._broken(error)

    async def _read(self, request: web.BaseRequest, exchange: Exchange) -> tuple[str, bytes]:
        """What is appended to the upstream's base, and the body. Raises Refused, ConnectionError."""
        fields = list(request.headers.items())
        address = address_of(request.raw_path)
        self._secrets.learn(fields, address.query)
        exchange.path = address.path
        place = place_of(self._plan, address, fields)
        exchange.route, exchange.upstream, exchange.trial = place.route, place.upstream, place.trial
        refuse_what_cannot_pass(request.method, fields)
        body = await read_body(request)
        shape = shape_of(request.method, address.path)
        exchange.asked = read_asked(
            shape, request.method, address.path, address.query, first(fields, "content-type"), body
        )
        return address.tail, body

    async def _pass(
        self, request: web.BaseRequest, exchange: Exchange, tail: str, body: bytes, ordinal: int
    ) -> web.StreamResponse:
        """Ask the upstream, and hand its answer on as it comes. Raises Refused, ClientGone."""
        reply: web.StreamResponse | None = None
        try:
            async with self._ask(request, exchange, tail, body) as answer:
                fields = list(answer.headers.items())
                exchange.begin_answer(answer.status, fields)
                reply = _reply(answer.status, answer.reason, returned(fields))
                if _has_no_body(request.method, answer):
                    exchange.whole = True
                    self._write(exchange, ordinal)
                await _to_client(reply.prepare(request))
                last = await _hand_on(answer, reply, exchange)
        except FAILURES as error:
            return _broken_off(request, exchange, reply, error)
        # The line is written before the client has all: a check that ends at once has its calls on record.
        self._write(exchange, ordinal)
        await _to_client(reply.write_eof(last))
        return reply

    def _ask(
        self, request: web.BaseRequest, exchange: Exchange, tail: str, body: bytes
    ) -> aiohttp.client._RequestContextManager:
        assert exchange.upstream is not None
        if self._session is None:
            self._session = open_session(self._plan.deadline_seconds)
        return self._session.request(
            request.method,
            URL(exchange.upstream.base + tail, encoded=True),
            headers=CIMultiDict(forwarded(request.headers.items())),
            data=io.BytesIO(body) if len(body) > LARGE else body or None,
            allow_redirects=False,
            proxy=proxy_for(exchange.upstream),
        )

    async def _replay(self, request: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
        """Give the recorded answer, the same bytes each time. Raises Refused, ClientGone."""
        exchange.replay = True
        try:
            recording, ordinal = self._tapes.find(exchange)
        except NotRecorded as error:
            raise Refused(error.status, NO_RECORDING, str(error)) from error
        fields = replayed_fields(recording, ordinal)
        exchange.begin_answer(recording.status, fields)
        reply = _reply(recording.status, None, fields)
        await _to_client(reply.prepare(request))
        for _, piece in recording.chunks:
            exchange.take(piece)
            await _to_client(reply.write(piece))
        exchange.whole = True
        self._write(exchange, 0)
        await _to_client(reply.write_eof())
        return reply


def _without_secrets(call: Call, secrets: SecretsSeen) -> Call:
    """The call with its texts cleaned; one look at all of them is enough for most."""
    texts = {name: getattr(call, name) for name in TEXTS}
    whole = "\n".join(texts.values())
    if secrets.redactor.text(whole) == whole:
        return call if len(call.detail) <= DETAIL else replace(call, detail=call.detail[:DETAIL])
    clean = {name: secrets.redactor.text(text) for name, text in texts.items()}
    return replace(call, **{**clean, "detail": clean["detail"][:DETAIL]})


def _has_no_body(method: str, answer: aiohttp.ClientResponse) -> bool:
    """Whether an answer ends with its head (RFC 9112, section 6.3)."""
    return method == "HEAD" or answer.status in (204, 304) or answer.content_length == 0


async def _hand_on(answer: aiohttp.ClientResponse, reply: web.StreamResponse, exchange: Exchange) -> bytes:
    """Pass the body on as it comes, but for the piece that makes it whole, when its length was told."""
    last = b""
    async for piece in answer.content.iter_any():
        exchange.take(piece)
        if answer.content_length is not None and exchange.size >= answer.content_length:
            last = piece
        else:
            await _to_client(reply.write(piece))
    exchange.whole = True
    return last


def _reply(status: int, reason: str | None, fields: list[tuple[str, str]]) -> web.StreamResponse:
    headers = CIMultiDict(fields)
    headers.setdefault("Server", SERVER)
    return web.StreamResponse(status=status, reason=reason, headers=headers)


def _refusal(exchange: Exchange, refused: Refused) -> web.Response:
    """An error of our own; SDKs are told not to try again what cannot change."""
    exchange.status = exchange.status or refused.status
    headers = {"Server": SERVER, "X-Readiness-Relay": refused.word}
    if refused.status < 500:
        headers["X-Should-Retry"] = "false"
    body = error_body(exchange.kind, refused.status, refused.word, str(refused))
    answer = web.Response(
        status=refused.status, body=body, content_type="application/json", charset="utf-8", headers=headers
    )
    if refused.status in (400, 408, 413, 501):
        answer.force_close()
    return answer


def _broken_off(
    request: web.BaseRequest, exchange: Exchange, reply: web.StreamResponse | None, error: Exception
) -> web.StreamResponse:
    """What an upstream's failure becomes: an error answer, or an answer that visibly ends too early."""
    word, status = failure_of(error)
    name = exchange.upstream.name if exchange.upstream else ""
    message = f"upstream {name} {SENTENCES[word]} ({type(error).__name__}: {error})"
    if reply is None or not reply.prepared:
        raise Refused(status, word, message) from error
    exchange.fail(word, message)
    if request.transport is not None:
        request.transport.close()
    return reply


async def _to_client(writing: Awaitable[object]) -> None:
    """Write to the client. Raises ClientGone."""
    try:
        await writing
    except ConnectionError as error:
        raise ClientGone from error
