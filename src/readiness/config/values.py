"""The reader of each kind of value without keys of ours; lists, environments and addresses stand here."""

from __future__ import annotations

import re

from readiness.config.numbers import read_count, read_number, read_seconds, read_seconds_or_none
from readiness.config.reading import TAG, Broken, found, quoted
from readiness.config.words import (
    DIGITS,
    clean,
    is_variable,
    read_choice,
    read_command,
    read_flag,
    read_name,
    read_path,
    read_text,
    read_variable,
    refuse_variable,
    wrong,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from readiness.config.fields import Field
    from readiness.config.nodes import Node
    from readiness.config.reading import Reading

_ENV_TAGS: Final = frozenset(
    TAG + kind for kind in ("str", "int", "float", "bool", "timestamp", "value", "merge")
)
_DATE_TAGS: Final = (TAG + "timestamp", TAG + "str")
_ITEMS: Final = {"choices": read_choice, "names": read_name, "variables": read_variable, "paths": read_path}


def is_url(text: str) -> bool:
    """True for `http://` or `https://`, a host, and no white space."""
    scheme, _, rest = text.partition("://")
    return scheme in ("http", "https") and rest[:1] not in ("", "/") and not any(map(str.isspace, text))


def is_tcp(text: str) -> bool:
    """True for `host:port`, where the port may be `{port}`."""
    host, _, port = text.rpartition(":")
    number = set(port) <= DIGITS and 0 < len(port) <= 5 and 0 < int(port) < 65536
    return bool(host) and not any(map(str.isspace, host)) and (number or port == "{port}")


def read_url(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    return text if isinstance(text, Broken) or is_url(text) else wrong(field, node, reading)


def read_tcp(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    return text if isinstance(text, Broken) or is_tcp(text) else wrong(field, node, reading)


def read_date(field: Field, node: Node, reading: Reading) -> str | Broken:
    """A day as it stands in the file; one that the calendar does not have is refused."""
    from datetime import date  # when asked for: it costs as much as reading a small file

    if node.id != "scalar" or node.tag not in _DATE_TAGS or len(node.value) != len("2027-01-31"):
        return wrong(field, node, reading)
    try:
        return date.fromisoformat(node.value).isoformat()
    except ValueError:
        return wrong(field, node, reading)


def read_pattern(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    return text if isinstance(text, Broken) else check_pattern(text, node, reading)


def check_pattern(pattern: str, node: Node, reading: Reading) -> str | Broken:
    """The regular expression, if it is one; an empty one would match before the service said a word."""
    if not pattern:
        return reading.refuse(
            node, "the pattern is empty", "write what the log says once the service is ready"
        )
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        message = f"{quoted(pattern)} is not a regular expression: {error}"
        return reading.refuse(node, message, "see the syntax of Python's re")
    return pattern


def read_list(field: Field, node: Node, reading: Reading) -> tuple[str, ...] | Broken:
    """A list of what `_ITEMS` says for the field's kind, no item twice."""
    if node.id != "sequence" or node.tag != TAG + "seq":
        return wrong(field, node, reading)
    if len(node.value) < (field.least or 0):
        return reading.refuse(node, f"`{field.name}` is empty", "name at least one")
    read = _ITEMS[field.kind]
    first: dict[str, Node] = {}
    for item in node.value:
        value = read(field, item, reading)
        if isinstance(value, Broken):
            continue
        if value in first:
            message = f"`{field.name}` holds {quoted(value)} twice, first at {reading.place(first[value])}"
            reading.refuse(item, message, "keep one of them")
        first.setdefault(value, item)
    return tuple(first)


def read_environment(field: Field, node: Node, reading: Reading) -> dict[str, str] | Broken:
    """Variable to text. A number or truth value counts as the text that stands in the file."""
    if node.id != "mapping" or node.tag != TAG + "map":
        return wrong(field, node, reading)
    environment = {}
    for name, name_node, value in reading.pairs(node):
        if not is_variable(name):
            refuse_variable(name_node, reading)
        text = _environment_text(name, value, reading)
        if not isinstance(text, Broken):
            environment[name] = text
    return environment


def _environment_text(name: str, node: Node, reading: Reading) -> str | Broken:
    what = f"the variable {quoted(name)}"
    if node.id == "scalar" and node.tag == TAG + "null":
        return reading.refuse(node, f"{what} has no value", 'write "" for an empty one')
    if node.id != "scalar" or node.tag not in _ENV_TAGS:
        return reading.refuse(
            node, f"{what} must be text or a number, not {found(node)}", "write it in quotes"
        )
    return clean(what, node, reading)


READERS: Final[dict[str, Callable[[Field, Node, Reading], object]]] = {
    "text": read_text,
    "command": read_command,
    "program": read_command,
    "name": read_name,
    "path": read_path,
    "choice": read_choice,
    "flag": read_flag,
    "count": read_count,
    "number": read_number,
    "seconds": read_seconds,
    "seconds_or_none": read_seconds_or_none,
    "date": read_date,
    "choices": read_list,
    "names": read_list,
    "variables": read_list,
    "paths": read_list,
    "environment": read_environment,
    "url": read_url,
    "tcp": read_tcp,
    "pattern": read_pattern,
}
"""The reader of each kind; sections.py adds those that hold keys of ours."""
