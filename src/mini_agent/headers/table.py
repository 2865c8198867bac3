"""Which header fields may be sent to a tool server at all (RFC 9110, sections 5.1, 5.5 and 7.6.1).

A field that a request or the environment names is hostile until it has passed here. Every refusal names the field and
never its value: values are credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_FIELDS = 64
MAX_BYTES = 16 * 1024
"""Of all lines together, each counted as `name: value` with its line end."""

SHOWN_NAME = 64
"""Characters of a refused name that are shown."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
VISIBLE = re.compile(r"[\x20-\x7e]*\Z")
RESERVED = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade"}
)
"""What frames a message or belongs to one hop: only the client itself writes these."""


class HeaderError(ValueError):
    """A header that is not sent. The message is one line that names the header, never its value."""


def shown(name: str) -> str:
    """A header's name for a message: quoted, escaped, and no longer than can be read."""
    return ascii(name if len(name) <= SHOWN_NAME else name[:SHOWN_NAME] + "...")


def checked(name: object, value: object) -> tuple[str, str]:
    """One field as it will be sent, its value without white space around it. Raises HeaderError."""
    if not isinstance(name, str):
        raise HeaderError("the name of a header is not text")
    if not isinstance(value, str):
        raise HeaderError(f"header {shown(name)}: its value is not text")
    check_name(name)
    stripped = value.strip(" \t")
    if not VISIBLE.match(stripped):
        raise HeaderError(f"header {shown(name)}: its value has a control character or is not ASCII")
    return name, stripped


def check_name(name: str) -> None:
    """Raises HeaderError unless `name` is a token (RFC 9110, section 5.6.2) that a caller may set."""
    if not name:
        raise HeaderError("a header has an empty name")
    if not TOKEN.match(name):
        raise HeaderError(
            f"header {shown(name)}: a name may hold ASCII letters, digits and !#$%&'*+-.^_`|~ alone"
        )
    if name.lower() in RESERVED or name.lower().startswith("proxy-"):
        raise HeaderError(f"header {shown(name)}: only the service itself may set it")


def check_size(fields: Mapping[str, tuple[str, str]]) -> None:
    """Raises HeaderError when the merged fields (by lower-case name) are too many or too long."""
    if len(fields) > MAX_FIELDS:
        raise HeaderError(f"{len(fields)} headers are more than {MAX_FIELDS}")
    size = 0
    for name, value in fields.values():
        size += len(name) + len(value) + len(": \r\n")
        if size > MAX_BYTES:
            raise HeaderError(f"the headers up to {shown(name)} are longer than {MAX_BYTES} bytes")
