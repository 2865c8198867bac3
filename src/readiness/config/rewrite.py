"""A configuration of the old form written anew in the new one, for layouts that lines cannot be added to."""

from __future__ import annotations

import json
from decimal import Decimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.config.model import Check, Config
    from readiness.config.nodes import Node

LANE_COMMENT: Final = "# lane read off the name"


def rewrite(text: str, root: Node, old: Config) -> str:
    """The checks of `old`, one key a line, under the comments that stood between the entries of `text`."""
    lines = ["version: 2", "checks:"]
    end = 0
    for node, check in zip(_entries(root), old.checks, strict=True):
        lines += (f"  {comment}" for comment in _comments(text[end : node.start_mark.index]))
        lines += _check_lines(check)
        end = _end(node)
    lines += (f"  {comment}" for comment in _comments(text[end:]))
    return "\n".join(lines) + "\n"


def _end(node: Node) -> int:
    """Where the text of a node ends. PyYAML ends a block where the next token begins, past the comments."""
    if node.id == "scalar" or node.flow_style or not node.value:
        return node.end_mark.index
    parts = node.value if node.id == "sequence" else [part for pair in node.value for part in pair]
    return max(_end(part) for part in parts)


def _entries(root: Node) -> list[Node]:
    if root.id == "sequence":
        return list(root.value)
    return [entry for key, value in root.value if key.value == "checks" for entry in value.value]


def _comments(between: str) -> Iterator[str]:
    """The comments of a stretch of text that holds no values."""
    for line in between.splitlines():
        _, mark, comment = line.partition("#")
        if mark:
            yield f"#{comment.rstrip()}"


def _check_lines(check: Check) -> Iterator[str]:
    yield f"  - name: {quote(check.name)}"
    yield f"    lane: {check.lane}  {LANE_COMMENT}"
    if check.description:
        yield f"    description: {quote(check.description)}"
    yield f"    run: {quote(check.run)}"
    if check.env:
        yield "    env:"
        yield from (f"      {name}: {quote(value)}" for name, value in check.env.items())
    if check.optional:
        yield "    optional: true"
    if check.timeout is None:
        yield "    timeout: none"
    elif check.timeout != 600:
        yield f"    timeout: {_decimal(check.timeout)}"


def _decimal(seconds: float) -> str:
    """Digits without an exponent: YAML 1.1 takes 1e-05 for text."""
    return format(Decimal(repr(seconds)), "f").removesuffix(".0")


def quote(text: str) -> str:
    """Text in double quotes, as YAML 1.1 and 1.2 both read it.

    JSON's escapes are YAML's too; what JSON leaves bare and YAML folds, or may not hold, is escaped as well.
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08X}" for letter in quoted)
