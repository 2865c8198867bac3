"""Takes an answer's body apart: one JSON value, JSON lines (Ollama) or server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Final

SSE_STARTS: Final = (b"data:", b"event:", b"id:", b"retry:", b":")
DONE: Final = "[DONE]"
LIMIT: Final = 64 << 20
"""Bytes that a compressed answer may grow to."""


def decoded(body: bytes, encoding: str) -> bytes | None:
    """The body without its content coding; None when that cannot be undone here."""
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        return None
    # `deflate` is zlib's format, but some servers send the bare stream.
    for window in (47,) if coding != "deflate" else (15, -15):
        try:
            return zlib.decompressobj(window).decompress(body, LIMIT)
        except zlib.error:
            continue
    return None


def read_events(body: bytes) -> tuple[list[Any], bool]:
    """The JSON values of an answer in order, and whether a closing `[DONE]` was among them. What is no JSON is left out."""
    start = body.lstrip()
    if start.startswith(SSE_STARTS):
        data = list(_sse_data(body))
        return _values(one for one in data if one != DONE), DONE in data
    whole = _values([start.decode("utf-8", "replace")])
    return (whole or _values(start.decode("utf-8", "replace").split("\n"))), False


def _sse_data(body: bytes) -> Iterable[str]:
    """The data of each event; several `data` fields of one event are joined by line feeds."""
    held: list[str] = []
    text = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n"):
        if line.startswith("data:"):
            held.append(line[5:].removeprefix(" "))
        elif not line and held:
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)


def _values(texts: Iterable[str]) -> list[Any]:
    values = []
    for text in texts:
        try:
            values.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    return values
