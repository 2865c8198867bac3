"""Writes that have an undoing of their own: a patcher's `stop`, the old value that a call returns, a module's old content."""

from __future__ import annotations

import ast
import re

from readiness.isolation.patch.keeping import Keep
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.isolation.patch.source import Source
    from readiness.isolation.patch.state import State

_PATCH: Final = re.compile(r"(?:\w+\.)*patch\b")
_OF_MONKEYPATCH: Final = frozenset(
    {"setattr", "delattr", "setitem", "delitem", "setenv", "delenv", "syspath_prepend", "chdir"}
)


@value
class Special:
    """A keep that the statement itself tells. `replaces`: the statement is part of it, and goes; `after`: it comes first."""

    keep: Keep
    replaces: bool = False
    after: bool = False


def specials(source: Source, statement: ast.stmt, state: State | None) -> Iterator[Special]:
    """What the written statement itself says of how to undo it."""
    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
        name = source.text(call.func)
        given = [source.text(one) for one in call.args]
        alone = isinstance(statement, ast.Expr) and statement.value is call
        if isinstance(call.func, ast.Attribute):
            yield from _method(source, call, call.func, given, alone=alone)
            if state and state.kind == "context variable" and call.func.attr == "set" and alone:
                variable = source.text(call.func.value)
                yield Special(Keep((), ((f"{variable}.reset", source.text(call)),)), replaces=True)
        if name == "os.umask" and alone:
            yield Special(Keep((), (("os.umask", source.text(call)),)), replaces=True)
        elif name == "signal.signal" and len(given) == 2:
            yield Special(Keep((), (("signal.signal", given[0], f"signal.getsignal({given[0]})"),)))
        elif name == "atexit.register" and given:
            yield Special(Keep((), (("atexit.unregister", given[0]),)))
        elif name.rpartition(".")[2] == "Popen" and (process := _bound_to(statement, call)):
            yield Special(Keep((), ((f"{process}.wait",), (f"{process}.kill",))), after=True)
        elif name.endswith("__setattr__") and len(given) == 3:
            yield Special(Keep((), ((name, given[0], given[1], f"getattr({given[0]}, {given[1]})"),)))
        elif name in ("importlib.reload", "reload") and (state is None or state.kind == "attribute"):
            old = f"vars({given[0]})"
            yield Special(Keep((), ((f"{old}.update", f"dict({old})"),)))


def _bound_to(statement: ast.stmt, call: ast.Call) -> str:
    """The one name that a statement binds what a call answers to."""
    if (
        isinstance(statement, ast.Assign)
        and statement.value is call
        and isinstance(statement.targets[0], ast.Name)
    ):
        return statement.targets[0].id
    return ""


def _method(
    source: Source, call: ast.Call, function: ast.Attribute, given: list[str], *, alone: bool
) -> Iterator[Special]:
    owner, method = function.value, function.attr
    if method == "start" and not call.args:
        if isinstance(owner, ast.Call) and (match := _PATCH.match(source.text(owner.func))):
            yield Special(Keep((), ((f"{match[0]}.stopall",),)))
        elif isinstance(owner, (ast.Name, ast.Attribute)):
            yield Special(Keep((), ((f"{source.text(owner)}.stop",),)))
    elif method in _OF_MONKEYPATCH and isinstance(owner, ast.Call) and alone:
        if source.text(owner.func).rpartition(".")[2] == "MonkeyPatch":
            words = [
                *given,
                *(
                    source.text(one.value) if not one.arg else f"{one.arg}={source.text(one.value)}"
                    for one in call.keywords
                ),
            ]
            yield Special(Keep((f"{method}({', '.join(words)})",)), replaces=True)
    elif method in _OF_MONKEYPATCH and _is_monkeypatch(source, owner):
        yield Special(Keep((), ((f"{source.text(owner)}.undo",),)))


def _is_monkeypatch(source: Source, owner: ast.expr) -> bool:
    """Whether the file makes a MonkeyPatch of that name; pytest's fixture, which undoes itself, is none."""
    if not isinstance(owner, (ast.Name, ast.Attribute)):
        return False
    made = rb"\b" + re.escape(source.text(owner).encode()) + rb"\s*=\s*(?:\w+\.)*MonkeyPatch\("
    return re.search(made, source.data) is not None
