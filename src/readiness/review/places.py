"""From a place (`tests/test_a.py:12`) to the lines around it that belong together. Pure."""

from __future__ import annotations

import ast
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

LONGEST: Final = 40
"""Lines of one quotation at most."""


def split_place(place: str) -> tuple[str, int]:
    """`tests/test_a.py:12` or `readiness.yml:3:5` as path and line; line 0 where none is named."""
    path = place
    numbers: list[int] = []
    while len(numbers) < 2:
        before, colon, number = path.rpartition(":")
        if not colon or not number.isdecimal():
            break
        path, numbers = before, [int(number), *numbers]
    return path, numbers[0] if numbers else 0


def around(line: int, count: int, before: int = 2, after: int = 2) -> tuple[int, int]:
    """The lines beside a line of a file of `count` lines."""
    return max(1, line - before), min(count, line + after)


def function_around(source: str, line: int) -> tuple[int, int] | None:
    """First and last line of the outermost function that holds the line; None without one, or when it is not Python."""
    spans = [one for one in _functions(source) if one[1] <= line <= one[2]]
    return spans[0][1:] if spans else None


def test_in(source: str, test: str) -> tuple[int, int] | None:
    """First and last line of a test by the end of its id: `TestA::test_x[1]`; None when it is not there."""
    wanted = ".".join(test.partition("[")[0].split("::"))
    return next(((first, last) for called, first, last in _functions(source) if called == wanted), None)


def shortened(span: tuple[int, int], line: int) -> tuple[int, int]:
    """The span, or of a long one the part around the line."""
    first, last = span
    if last - first < LONGEST:
        return span
    start = max(first, min(line - LONGEST // 2, last - LONGEST + 1))
    return start, start + LONGEST - 1


@lru_cache(maxsize=64)
def _functions(source: str) -> tuple[tuple[str, int, int], ...]:
    """Name within the file, first and last line of every function that is not inside another, outer classes named."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(_inside(tree, ""))


def _inside(node: ast.AST, prefix: str) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
            found.append((f"{prefix}{child.name}", first, child.end_lineno or child.lineno))
        elif isinstance(child, ast.ClassDef):
            found += _inside(child, f"{prefix}{child.name}.")
        elif isinstance(child, (ast.If, ast.Try, ast.With)):
            found += _inside(child, prefix)
    return found
