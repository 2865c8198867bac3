"""Read from source: which `except` caught a failed assertion, and whether it did nothing but swallow it.

Whether the assertion failed is known from the run (see `swallowed`); what then happened follows from the
rules of the language. Where the source leaves a doubt, nothing is claimed: a test may retry, compare
alternatives, or expect the error, and none of that is to be accused.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Sequence, Tuple, Union

    Step = Tuple[ast.AST, str]

PASSES_ON = 0
"""No `except` of this function caught it: it went on to the caller."""
IN_DOUBT = -1
"""Something caught it, or may have, and not merely to swallow it."""

_SAYING = ("print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_WITHS = (ast.With, ast.AsyncWith)


def swallowed_at(tree: ast.Module, line: int) -> int:
    """Line of the `except` that swallowed an AssertionError raised at `line`; else an answer above."""
    steps = list(_steps_to(tree, line))
    inner = _own_function(steps)
    for depth in range(len(inner) - 1, -1, -1):
        node, field = inner[depth]
        if isinstance(node, _WITHS) and field == "body":
            return IN_DOUBT
        if not _is_try(node) or field != "body":
            continue
        handler = _catching(node)
        if handler is None:
            continue
        loops = any(isinstance(outer, _LOOPS) for outer, _ in inner[:depth])
        if isinstance(handler, ast.ExceptHandler) and not loops and _merely_swallows(node, handler, line):
            return handler.lineno
        return IN_DOUBT
    return PASSES_ON


def _is_try(node: ast.AST) -> bool:
    return type(node).__name__ in ("Try", "TryStar")


def _steps_to(node: ast.AST, line: int) -> Iterator[Step]:
    """The way down to the statement at `line`: each node with the name of its field that leads on."""
    while True:
        for field, child in _children(node):
            if _covers(child, line):
                yield node, field
                node = child
                break
        else:
            return


def _children(node: ast.AST) -> Iterator[Tuple[str, ast.AST]]:
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, (ast.stmt, ast.ExceptHandler)) or type(child).__name__ == "match_case":
                yield field, child


def _covers(node: ast.AST, line: int) -> bool:
    if type(node).__name__ == "match_case":
        return any(_covers(one, line) for one in node.body)  # type: ignore[attr-defined]
    first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
    return bool(first <= line <= last)


def _own_function(steps: Sequence[Step]) -> List[Step]:
    """The part of the way that lies in the innermost function: an exception leaves a frame at its border."""
    borders = [index for index, (node, _) in enumerate(steps) if isinstance(node, _FUNCTIONS)]
    return list(steps[borders[-1] + 1 :]) if borders else list(steps)


def _catching(node: ast.AST) -> Optional[Union[ast.ExceptHandler, str]]:
    """The handler that catches an AssertionError; None: there is none; "unknown": it cannot be told."""
    if type(node).__name__ == "TryStar":
        return "unknown"
    for handler in node.handlers:  # type: ignore[attr-defined]
        caught = _catches(handler.type)
        if caught is None:
            return "unknown"
        if caught:
            return handler  # type: ignore[no-any-return]
    return None


def _catches(kind: Optional[ast.expr]) -> Optional[bool]:
    """Whether `except <kind>` catches an AssertionError; None when that name could mean anything."""
    if kind is None:
        return True
    if isinstance(kind, ast.Tuple):
        answers = [_catches(one) for one in kind.elts]
        return True if True in answers else None if None in answers else False
    named = getattr(builtins, kind.id, None) if isinstance(kind, ast.Name) else None
    if isinstance(named, type) and issubclass(named, BaseException):
        return issubclass(AssertionError, named)
    return None


def _merely_swallows(node: ast.AST, handler: ast.ExceptHandler, line: int) -> bool:
    """True when the handler leaves nothing but words, and nothing says that the error was expected."""
    after = [one for one in (*node.body, *node.orelse) if one.lineno > line]  # type: ignore[attr-defined]
    expected = any(_objects(part) for one in after for part in ast.walk(one))
    return not expected and all(_is_silent(one) for one in handler.body)


def _objects(node: ast.AST) -> bool:
    """A `raise`, an `assert False` or a call of some `fail`: reached when the awaited error did not come."""
    if isinstance(node, ast.Assert):
        return isinstance(node.test, ast.Constant) and not node.test.value
    if isinstance(node, ast.Call):
        return _called(node) in ("fail", "xfail", "exit")
    return isinstance(node, ast.Raise)


def _is_silent(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Return):
        return (
            statement.value is None
            or isinstance(statement.value, ast.Constant)
            and statement.value.value is None
        )
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    return isinstance(value, ast.Constant) or (isinstance(value, ast.Call) and _called(value) in _SAYING)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))
