"""Reads the target of a request: whose it is and what it asks of the upstream. What is doubtful is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from readiness.record.value import value

if TYPE_CHECKING:
    from typing import Final

ROUTE: Final = re.compile(r"/c/([A-Za-z0-9_-]{1,200})(?:/t/(\d{1,9}))?(/.*)?", re.DOTALL)
LOOSE: Final = re.compile(r"[^!-~]|[#\\]")
"""What no request target holds (RFC 3986, section 2): spaces, controls, bytes over 127, `#`; and `\\`, which some read as `/`."""


class BadTarget(Exception):
    """The target is malformed or hides where it goes; the message says how."""


@value
class Address:
    """`token` is empty when the target names no route. `path` is kept as it was sent, percent-encoding included."""

    token: str
    trial: int | None
    path: str
    query: str

    @property
    def tail(self) -> str:
        """What is appended to the upstream's base."""
        return f"{self.path}?{self.query}" if self.query else self.path


def read_target(target: str) -> Address:
    """Read `/c/<token>/<path>` or `/c/<token>/t/<trial>/<path>`. Raises BadTarget.

    Only the origin form (RFC 9112, section 3.2.1) is taken: a target that names a host is meant for another kind of
    proxy. A path with `..` in it could leave the upstream's prefix.
    """
    if not target.startswith("/"):
        raise BadTarget("the request target must be a path: this is a reverse proxy, not a forward one")
    if loose := LOOSE.search(target):
        raise BadTarget(f"the request target holds {loose.group()!a}, which must be percent-encoded")
    path, _, query = target.partition("?")
    if climbs(path):
        raise BadTarget("the request target holds a `.` or `..` segment")
    match = ROUTE.fullmatch(path)
    if match is None:
        return Address("", None, path, query)
    token, trial, rest = match.groups()
    return Address(token, None if trial is None else int(trial), rest or "", query)


def climbs(path: str) -> bool:
    """Whether a segment is `.` or `..`, plainly or percent-encoded."""
    decoded = unquote_to_bytes(path).replace(b"\\", b"/")
    return any(segment in (b".", b"..") for segment in decoded.split(b"/"))
