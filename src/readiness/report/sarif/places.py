"""Places as SARIF writes them, and what keeps a result the same when lines move.

A path is a relative URI reference (RFC 3986) below the root of the checkout, which SARIF calls `%SRCROOT%`.
"""

from __future__ import annotations

import hashlib

from readiness.report.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

MOST_LINE: Final = 2**31 - 1
UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def place(where: str) -> tuple[str, int]:
    """Path and line (0 when there is none) of `file`, `file:line` or `file:line:column`; no path: outside the project."""
    path, line = where, 0
    for _ in range(2):
        head, colon, tail = path.rpartition(":")
        if colon and tail.isascii() and tail.isdigit() and len(tail) < 11:
            path, line = head, int(tail)
    inside = path and not path.startswith(("/", "\\")) and ".." not in path.split("/") and "\0" not in path
    return (path, min(line, MOST_LINE)) if inside else ("", 0)


def artifact(path: str) -> dict[str, Any]:
    return {"uri": uri(path), "uriBaseId": "%SRCROOT%"}


def uri(path: str) -> str:
    data = path.encode("utf-8", "backslashreplace")
    quoted = "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in data)
    # Two slashes at the start would name a host.
    return quoted.lstrip("/")


def location(where: str, named: str = "") -> dict[str, Any] | None:
    """A physical place, with the id of a test as its logical one; None outside the project."""
    path, line = place(where)
    if not path:
        return None
    physical: dict[str, Any] = {"artifactLocation": artifact(path)}
    if line:
        physical["region"] = {"startLine": line}
    found: dict[str, Any] = {"physicalLocation": physical}
    if named:
        found["logicalLocations"] = [{"fullyQualifiedName": plain(named), "kind": "function"}]
    return found


def fingerprint(*facts: str) -> str:
    """Of what a result is about, without line numbers: the same after lines were added above it."""
    return hashlib.sha256("\0".join(facts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
