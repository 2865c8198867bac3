"""The headers that the service's environment gives to every call of an HTTP tool."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mini_agent.headers.merge import merge
from mini_agent.headers.table import HeaderError, shown

VARIABLE = "MINI_AGENT_TOOL_HTTP_HEADERS"


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The object that `MINI_AGENT_TOOL_HTTP_HEADERS` holds; unset or blank: none.

    Raises HeaderError when it is anything but a JSON object of strings that may all be sent. The service does not start
    then.
    """
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return {}
    try:
        return dict(merge(parsed(text), {}))
    except HeaderError as error:
        raise HeaderError(f"{VARIABLE}: {error}") from None


def parsed(text: str) -> dict[str, str]:
    """A JSON object of strings. Raises HeaderError; neither text nor value is repeated, both may be secret."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        # The parser's own message is left out with its cause: it carries the document.
        raise HeaderError(
            'must be a JSON object of strings, like {"X-Team": "blue"}; it is not JSON'
        ) from None
    if not isinstance(given, dict):
        raise HeaderError(f'must be a JSON object of strings, like {{"X-Team": "blue"}}; it is {kind(given)}')
    for name, value in given.items():
        if not isinstance(value, str):
            raise HeaderError(f"header {shown(name)}: its value must be a string, is {kind(value)}")
    return given


def kind(value: object) -> str:
    """What JSON calls a value of this type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "an object", list: "a list", str: "a string", int: "a number", float: "a number"}
    return names.get(type(value), "something else")
