"""What a tool server's answer means: bytes to text, text to what a model reads, a tool list to definitions. Pure."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mini_agent.conversation import ToolDefinition
from mini_agent.headers.redact import redact
from mini_agent.interfaces import ToolBackendError

SHOWN = 256
"""Characters of an error's body that are passed on."""

MAX_TOOLS = 256
TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
"""What OpenAI's API takes as the name of a function."""

ENCODINGS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
}
CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `body` is decoded from its content encoding; `location` is a redirect's target, shortened."""

    status: int
    body: bytes = b""
    content_type: str = ""
    location: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class TooLong(ValueError):
    """An answer beyond its bound."""


class BadEncoding(ValueError):
    """An answer that is not what its `Content-Encoding` says."""


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its content encoding, never more than `limit` bytes of it. Raises TooLong, BadEncoding."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise BadEncoding(f"the answer has an encoding that was not asked for: {encoding[:32]!a}")
    try:
        return inflated(body, 47, limit)
    except zlib.error:
        if name != "deflate":
            raise BadEncoding("the answer is not the gzip that it says it is") from None
    try:
        return inflated(body, -15, limit)
    except zlib.error:
        raise BadEncoding("the answer is not the deflate that it says it is") from None


def inflated(body: bytes, window: int, limit: int) -> bytes:
    """Raises TooLong, zlib.error (also for what ends too early)."""
    stream = zlib.decompressobj(window)
    plain = stream.decompress(body, limit + 1)
    if len(plain) > limit:
        raise TooLong(f"the answer is longer than {limit} bytes")
    if not stream.eof:
        raise zlib.error("incomplete")
    return plain


def as_text(answer: Answer) -> str:
    """The body as text. Bytes that are no text in its character set are replaced, never an error."""
    found = CHARSET.search(answer.content_type)
    named = found.group(1).lower() if found else "utf-8"
    return answer.body.decode(ENCODINGS.get(named, "utf-8-sig"), "replace")


def content_of(answer: Answer) -> str:
    """What the model reads: JSON as the server wrote it, so that every number stays what it was; a JSON string as the
    text it holds; anything else as it is.
    """
    text = as_text(answer).strip()
    if text[:1] != '"':
        return text
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return given if isinstance(given, str) else text


def complaint(answer: Answer, secrets: Iterable[str]) -> str:
    """One line: the status and the first 256 characters of the body, without any header value that was sent."""
    if answer.location:
        said = f"a redirect to {answer.location}, which is not followed"
    else:
        said = one_line(redact(as_text(answer), secrets))[:SHOWN]
    return f"HTTP {answer.status}: {said}" if said else f"HTTP {answer.status}"


def one_line(text: str) -> str:
    """Control characters and line ends become spaces."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def tool_list(answer: Answer) -> tuple[ToolDefinition, ...]:
    """The definitions in an OpenAI tool list, bare or as `tools` of an object. Raises ToolBackendError."""
    try:
        given = json.loads(as_text(answer))
    except (ValueError, RecursionError):
        raise ToolBackendError("the tool list is not JSON") from None
    listed = given.get("tools") if isinstance(given, dict) else given
    if not isinstance(listed, list):
        raise ToolBackendError("the tool list is neither a list nor an object with a list of tools")
    if len(listed) > MAX_TOOLS:
        raise ToolBackendError(f"the tool list has {len(listed)} tools, more than {MAX_TOOLS}")
    definitions = tuple(definition(entry, number) for number, entry in enumerate(listed, 1))
    names = [one.name for one in definitions]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise ToolBackendError(f"the tool list has {twice!r} twice")
    return definitions


def definition(entry: Any, number: int) -> ToolDefinition:
    """One entry: `{"type": "function", "function": {name, description?, parameters?}}`. Raises ToolBackendError."""
    function = entry.get("function") if isinstance(entry, dict) else None
    if not isinstance(function, dict) or entry.get("type", "function") != "function":
        raise ToolBackendError(f"tool {number} of the list is not an OpenAI function")
    name, description = function.get("name"), function.get("description")
    parameters = function.get("parameters")
    if not isinstance(name, str) or not TOOL_NAME.match(name):
        raise ToolBackendError(f"tool {number} of the list has no usable name (letters, digits, _ and -)")
    if parameters is None:
        return ToolDefinition(name, description if isinstance(description, str) else "")
    if not isinstance(parameters, Mapping):
        raise ToolBackendError(f"the parameters of tool {name!r} are not a JSON schema")
    return ToolDefinition(name, description if isinstance(description, str) else "", parameters)
