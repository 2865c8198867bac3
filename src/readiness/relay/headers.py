"""Which header fields cross the relay (RFC 9110, section 7.6.1), in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

    Fields = list[tuple[str, str]]

TRACE: Final = "x-readiness-trace"
TRIAL: Final = "x-readiness-trial"
OWN: Final = "x-readiness-"
"""Every field of ours begins so and stays with us."""
VIA: Final = "1.1 readiness-relay"

HOP_BY_HOP: Final = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-authentication-info",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
REWRITTEN: Final = frozenset(("host", "content-length", "expect", "accept-encoding"))
"""Request fields that the relay sets itself or answers itself."""


def connection_options(fields: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The fields that `Connection` declares to be for this hop alone."""
    named = (one for name, value in fields if name.lower() == "connection" for one in value.split(","))
    return frozenset(option.strip().lower() for option in named)


def forwarded(fields: Iterable[tuple[str, str]]) -> Fields:
    """The request's fields as the upstream gets them.

    It is asked for an answer without compression: a compressed stream cannot be counted while it passes, and the
    client reads plain answers anyway.
    """
    held = list(fields)
    dropped = HOP_BY_HOP | REWRITTEN | connection_options(held)
    kept = [
        (name, value)
        for name, value in held
        if name.lower() not in dropped and not name.lower().startswith(OWN)
    ]
    return [*kept, ("Accept-Encoding", "identity"), ("Via", VIA)]


def returned(fields: Iterable[tuple[str, str]]) -> Fields:
    """The answer's fields as the client gets them; one that cannot cross unchanged is left out."""
    held = list(fields)
    dropped = HOP_BY_HOP | connection_options(held)
    return [(name, value) for name, value in held if name.lower() not in dropped and is_utf_8(value)]


def is_utf_8(value: str) -> bool:
    """Whether a field's bytes were UTF-8; others come as lone surrogates, and would be lost when they are sent on."""
    return value.isascii() or value.encode("utf-8", "replace").decode("utf-8") == value


def values(fields: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    """Every value of one field, in order; `wanted` in lower case."""
    return [value for name, value in fields if name.lower() == wanted]


def first(fields: Iterable[tuple[str, str]], wanted: str) -> str:
    """The first value of one field, or empty."""
    return next(iter(values(fields, wanted)), "")


def asks_upgrade(fields: Iterable[tuple[str, str]]) -> bool:
    """Whether the client asks to leave HTTP, for a WebSocket or another protocol (RFC 9110, section 7.8)."""
    held = list(fields)
    return "upgrade" in connection_options(held) and bool(first(held, "upgrade"))
