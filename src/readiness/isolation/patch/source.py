"""One Python file as text and tree, with places in bytes, so that edits touch nothing but what they mean."""

from __future__ import annotations

import ast
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    Function = ast.FunctionDef | ast.AsyncFunctionDef

_CODING: Final = re.compile(
    rb"^[ \t\f]*#.*?coding[:=][ \t]*(?!utf-?8\b)[-\w.]+", re.IGNORECASE | re.MULTILINE
)


class Unreadable(Exception):
    """A file that cannot be edited; the message says why."""


class Source:
    """A file of the project: `path` is relative to its root. Raises Unreadable for what cannot be parsed."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        if _CODING.search(b"\n".join(data.split(b"\n", 2)[:2])):
            raise Unreadable(f"{path} is not encoded in UTF-8")
        try:
            self.tree = ast.parse(data, filename=path)
        except (SyntaxError, ValueError) as error:
            raise Unreadable(f"{path} cannot be parsed here: {error}") from error
        self._lines = data.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.newline = "\r\n" if b"\r\n" in data[:4000] else "\n"

    def start(self, node: ast.stmt | ast.expr | ast.arg) -> int:
        """The byte at which a node starts."""
        return self.at(node.lineno, node.col_offset)

    def end(self, node: ast.stmt | ast.expr | ast.arg) -> int:
        """The byte behind a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.at(node.end_lineno, node.end_col_offset)

    def at(self, line: int, column: int = 0) -> int:
        """The byte at a line, from 1, and a column in bytes."""
        return self._starts[line - 1] + column if line <= len(self._starts) else len(self.data)

    def text(self, node: ast.stmt | ast.expr | ast.arg) -> str:
        """A node as it is written."""
        return self.data[self.start(node) : self.end(node)].decode()

    def indent(self, node: ast.stmt) -> str:
        """What stands before a statement on its line; not blank where it is not the first there."""
        return self.data[self.at(node.lineno) : self.start(node)].decode()

    def functions(self) -> Iterator[tuple[Function, tuple[ast.ClassDef, ...]]]:
        """Every function of the module and of its classes, with those classes, the innermost last."""
        yield from _functions(self.tree.body, ())

    def enclosing(self, line: int) -> tuple[Function | None, tuple[ast.ClassDef, ...]]:
        """The outermost function around a line, and the classes around that."""
        for function, classes in self.functions():
            if first_line(function) <= line <= (function.end_lineno or 0):
                return function, classes
        return None, ()

    def statement(self, line: int) -> ast.stmt | None:
        """The innermost statement that holds a line; of several on it the first that is not compound."""
        found: ast.stmt | None = None
        for node in ast.walk(self.tree):
            holds = isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
            if isinstance(node, ast.stmt) and holds and (found is None or _inside(node, found)):
                found = node
        return found


def first_line(node: ast.stmt) -> int:
    """Where a definition starts, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _inside(node: ast.stmt, other: ast.stmt) -> bool:
    if node.lineno == other.lineno and node.end_lineno == other.end_lineno:
        return node.col_offset > other.col_offset and (node.end_col_offset or 0) <= (
            other.end_col_offset or 0
        )
    return node.lineno >= other.lineno and (node.end_lineno or 0) <= (other.end_lineno or 0)


def _functions(
    body: list[ast.stmt], classes: tuple[ast.ClassDef, ...]
) -> Iterator[tuple[Function, tuple[ast.ClassDef, ...]]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node, classes
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, (*classes, node))
        else:
            for part in ("body", "orelse", "finalbody"):
                yield from _functions(getattr(node, part, []), classes)
            for handler in getattr(node, "handlers", []):
                yield from _functions(handler.body, classes)
