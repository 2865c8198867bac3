"""Reads a request off the wire and finds out whose it is. What cannot be passed on is refused here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from readiness.record.value import value
from readiness.relay.address import BadTarget, read_target
from readiness.relay.call import BAD_REQUEST, NOT_TAKEN, TIMEOUT, UNKNOWN_ROUTE
from readiness.relay.headers import TRACE, TRIAL, asks_upgrade, first, is_utf_8, values

if TYPE_CHECKING:
    from typing import Final

    from readiness.relay.address import Address
    from readiness.relay.headers import Fields
    from readiness.relay.plan import Plan, Route, Upstream

BODY_LIMIT: Final = 32 << 20
"""Bytes of a request's body."""
PAUSE_SECONDS: Final = 60.0
"""How long a client may pause while it sends a body."""
HELP: Final = "a check reaches its model at /c/<token>/…, with the token that the gate gave it"


class Refused(Exception):
    """The relay answers by itself, with `status`; `word` is an error class."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(message)
        self.status: Final = status
        self.word: Final = word


@value
class Place:
    """Whose request it is and where it goes. `route` is the check that it is credited to."""

    route: Route
    upstream: Upstream
    trial: int | None


def address_of(target: str) -> Address:
    """Read a request's target. Raises Refused."""
    try:
        return read_target(target)
    except BadTarget as error:
        raise Refused(400, BAD_REQUEST, str(error)) from error


def place_of(plan: Plan, address: Address, fields: Fields) -> Place:
    """Find the route of a request, and the check that its trace field credits it to. Raises Refused."""
    own = plan.routes.get(address.token)
    if own is None:
        raise Refused(404, UNKNOWN_ROUTE, f"the relay knows no such route: {HELP}")
    credited = own
    for token in values(fields, TRACE):
        if token not in plan.routes or credited not in (own, plan.routes[token]):
            raise Refused(404, UNKNOWN_ROUTE, f"{TRACE} names no check of this run, or two")
        credited = plan.routes[token]
    return Place(credited, plan.upstreams[own.upstream], trial_of(address, fields))


def trial_of(address: Address, fields: Fields) -> int | None:
    """The number of the trial, from the path or else from its field. Raises Refused."""
    told = first(fields, TRIAL).strip()
    if address.trial is not None or not told:
        return address.trial
    if not (told.isascii() and told.isdigit() and len(told) <= 9):
        raise Refused(400, BAD_REQUEST, f"{TRIAL} must be a whole number")
    return int(told)


def refuse_what_cannot_pass(method: str, fields: Fields) -> None:
    """Raises Refused for what is not a plain HTTP exchange, or could not be passed on as it is."""
    if unreadable := next((name for name, value in fields if not is_utf_8(value)), ""):
        raise Refused(
            400, BAD_REQUEST, f"the field {unreadable} is not UTF-8 and would not arrive as it was sent"
        )
    if method in ("CONNECT", "TRACE") or asks_upgrade(fields):
        raise Refused(
            501, NOT_TAKEN, "the relay passes plain HTTP on, no WebSocket, upgrade, CONNECT or TRACE"
        )


async def read_body(request: web.BaseRequest) -> bytes:
    """The whole body, as it was sent. Raises Refused, ConnectionError."""
    too_large = Refused(
        413, NOT_TAKEN, f"the request is larger than the {BODY_LIMIT >> 20} MiB that the relay takes"
    )
    if (request.content_length or 0) > BODY_LIMIT:
        raise too_large
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(PAUSE_SECONDS) as pause:
            while piece := await request.content.readany():
                body += piece
                pause.reschedule(loop.time() + PAUSE_SECONDS)
                if len(body) > BODY_LIMIT:
                    raise too_large
    except TimeoutError as error:
        raise Refused(408, TIMEOUT, f"the request's body paused for {PAUSE_SECONDS:.0f} s") from error
    except web.RequestPayloadError as error:
        raise Refused(400, BAD_REQUEST, "the request's body is malformed") from error
    return bytes(body)
