"""Values that are words: text, commands, names, paths, one of several, true or false.

Each reader takes the field, the node and the reading; it returns the value, or records a fault and returns
BROKEN. It agrees with the JSON schema of the same field, and may refuse more (what a schema cannot say).
"""

from __future__ import annotations

from readiness.config.fields import KINDS
from readiness.config.reading import TAG, Broken, found, is_plain, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.fields import Field
    from readiness.config.nodes import Node
    from readiness.config.reading import Reading

DIGITS: Final = frozenset("0123456789")
_IN_VARIABLE: Final = DIGITS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_IN_NAME: Final = _IN_VARIABLE | frozenset(".-")
_TRUE: Final = ("true", "yes", "on")
_FALSE: Final = ("false", "no", "off")

_SCALAR_ADVICE: Final = {
    "flag": "write true or false, without quotes",
    "count": "write the number, without quotes",
    "number": "write the number, without quotes",
    "date": "write a day that the calendar has, as year-month-day",
    "environment": "write NAME: value lines below it",
    "section": "write key: value lines below it",
    "named_sections": "write a name and a colon for each, its keys below it",
    "sections": "begin each entry with - ",
}


def is_name(text: str) -> bool:
    """True for what can name a check, and so a file: letters, digits, `_`, `.`, `-`, not first `.` or `-`."""
    return 0 < len(text) <= 100 and set(text) <= _IN_NAME and text[0] not in ".-"


def is_variable(text: str) -> bool:
    """True for what a POSIX shell takes as the name of an environment variable (IEEE Std 1003.1, 3.231)."""
    return bool(text) and set(text) <= _IN_VARIABLE and text[0] not in DIGITS


def leaves_project(path: str) -> bool:
    """True for an absolute path and for one with `..` in it."""
    return path.startswith("/") or ".." in path.split("/")


def wrong(field: Field, node: Node, reading: Reading) -> Broken:
    """Record that a node is not of the field's kind."""
    expected = f"one of {', '.join(field.choices)}" if field.kind == "choice" else KINDS[field.kind]
    return reading.refuse(node, f"`{field.name}` must be {expected}, not {found(node)}", _advice(field, node))


def _advice(field: Field, node: Node) -> str:
    if not is_plain(node):
        return "remove the tag"
    if node.id != "scalar":
        return f"see `{field.name}` in docs/config.md"
    if field.kind in ("names", "choices", "variables", "paths"):
        return f"write [{node.value}]"
    if field.kind in _SCALAR_ADVICE:
        return _SCALAR_ADVICE[field.kind]
    return (
        f"see `{field.name}` in docs/config.md"
        if node.tag == TAG + "str"
        else f'write "{node.value}" in quotes'
    )


def read_text(field: Field, node: Node, reading: Reading) -> str | Broken:
    if node.id != "scalar" or node.tag != TAG + "str":
        return wrong(field, node, reading)
    return clean(f"`{field.name}`", node, reading)


def clean(what: str, node: Node, reading: Reading) -> str | Broken:
    """The text of a scalar, unless no operating system call could take it."""
    text: str = node.value
    if "\0" in text:
        return reading.refuse(
            node, f"{what} holds a NUL character", "remove it: no command or file can hold one"
        )
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return reading.refuse(
            node, f"{what} holds half a character (a surrogate)", "write the character itself"
        )
    return text


def read_command(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    if isinstance(text, Broken) or text.strip():
        return text
    return reading.refuse(node, f"`{field.name}` is empty", "write what to run")


def read_name(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    return (
        text if isinstance(text, Broken) or is_name(text) else refuse_name(f"`{field.name}`", node, reading)
    )


def refuse_name(what: str, node: Node, reading: Reading) -> Broken:
    """Record a name that cannot name a file."""
    message = f"{what} is {quoted(node.value)}, which cannot name a file"
    return reading.refuse(
        node, message, "use at most 100 letters, digits, _ . - and begin with a letter, digit or _"
    )


def read_variable(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    return text if isinstance(text, Broken) or is_variable(text) else refuse_variable(node, reading)


def refuse_variable(node: Node, reading: Reading) -> Broken:
    """Record a name that no environment variable can have."""
    message = f"{quoted(node.value)} cannot name an environment variable"
    return reading.refuse(node, message, "use letters, digits and _, and do not begin with a digit")


def read_path(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    if isinstance(text, Broken):
        return text
    if not text:
        return reading.refuse(node, f"`{field.name}` is empty", "write . for the project's root")
    if leaves_project(text):
        message = f"`{field.name}` leaves the project: {quoted(text)}"
        return reading.refuse(node, message, "write a path from the project's root, without ..")
    return text


def read_choice(field: Field, node: Node, reading: Reading) -> str | Broken:
    text = read_text(field, node, reading)
    if isinstance(text, Broken) or text in field.choices:
        return text
    return reading.refuse_unknown(node, f"unknown {field.name.removesuffix('s')}", text, field.choices)


def read_flag(field: Field, node: Node, reading: Reading) -> bool | Broken:
    word = node.value.lower() if node.id == "scalar" and node.tag == TAG + "bool" else ""
    return word in _TRUE if word in _TRUE + _FALSE else wrong(field, node, reading)
