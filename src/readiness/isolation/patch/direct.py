"""A write said again through pytest's MonkeyPatch, which undoes it: the edit a person would make."""

from __future__ import annotations

import ast

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.isolation.patch.source import Source
    from readiness.isolation.patch.state import State


def is_environment(owner: str) -> bool:
    """Whether an expression is `os.environ`, by whatever way."""
    return owner == "environ" or owner.endswith("os.environ")


@value
class Rewritten:
    """The calls that take the place of a statement, each of a method of MonkeyPatch."""

    calls: tuple[str, ...]


def rewrite(source: Source, statement: ast.stmt, state: State | None) -> Rewritten | None:
    """The write of `state` said through MonkeyPatch; None for a statement that is no plain write of it."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        calls = _assigned(source, statement.targets[0], source.text(statement.value), state)
    elif isinstance(statement, ast.Delete) and len(statement.targets) == 1:
        calls = _deleted(source, statement.targets[0])
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        calls = _called(source, statement.value, state)
    else:
        calls = ()
    return Rewritten(calls) if calls else None


def _assigned(source: Source, target: ast.expr, new: str, state: State | None) -> tuple[str, ...]:
    if isinstance(target, ast.Attribute):
        absent = ", raising=False" if state and state.was_absent else ""
        # The state may be another one that this write changes on its way.
        if state and (state.kind != "attribute" or state.name != target.attr) and state.kind != "decimal":
            return ()
        return (f'setattr({source.text(target.value)}, "{target.attr}", {new}{absent})',)
    if isinstance(target, ast.Subscript) and not isinstance(target.slice, (ast.Slice, ast.Tuple)):
        owner, key = source.text(target.value), source.text(target.slice)
        if is_environment(owner):
            return (f"setenv({key}, {new})",)
        if state is None or state.kind in ("item", "attribute"):
            return (f"setitem({owner}, {key}, {new})",)
    return ()


def _deleted(source: Source, target: ast.expr) -> tuple[str, ...]:
    if isinstance(target, ast.Attribute):
        return (f'delattr({source.text(target.value)}, "{target.attr}")',)
    if isinstance(target, ast.Subscript) and not isinstance(target.slice, (ast.Slice, ast.Tuple)):
        owner, key = source.text(target.value), source.text(target.slice)
        return (f"delenv({key})",) if is_environment(owner) else (f"delitem({owner}, {key})",)
    return ()


def _called(source: Source, call: ast.Call, state: State | None) -> tuple[str, ...]:
    name = source.text(call.func)
    given = [source.text(one) for one in call.args]
    plain = not call.keywords and not any(isinstance(one, ast.Starred) for one in call.args)
    if not plain:
        return _updated(source, call) if is_environment(name.removesuffix(".update")) else ()
    if name == "setattr" and len(given) == 3:
        absent = ", raising=False" if state and state.was_absent else ""
        return (f"setattr({', '.join(given)}{absent})",)
    if name == "delattr" and len(given) == 2:
        return (f"delattr({', '.join(given)})",)
    if name in ("os.chdir", "chdir") and len(given) == 1:
        return (f"chdir({given[0]})",)
    if name == "os.putenv" and len(given) == 2:
        return (f"setenv({', '.join(given)})",)
    if name == "os.unsetenv" and len(given) == 1:
        return (f"delenv({given[0]}, raising=False)",)
    if name == "sys.path.insert" and len(given) == 2 and given[0] == "0":
        return (f"syspath_prepend({given[1]})",)
    if not isinstance(call.func, ast.Attribute):
        return ()
    return _method(source, call.func, given, state) or _updated(source, call)


def _method(
    source: Source, function: ast.Attribute, given: list[str], state: State | None
) -> tuple[str, ...]:
    owner, method = source.text(function.value), function.attr
    item = state.kind == "item" if state else is_environment(owner) or owner == "sys.modules"
    if method == "pop" and given and item:
        absent = ", raising=False" if len(given) > 1 else ""
        what = f"delenv({given[0]}" if is_environment(owner) else f"delitem({owner}, {given[0]}"
        return (f"{what}{absent})",)
    if method == "setdefault" and len(given) == 2 and is_environment(owner):
        return (f"setenv({given[0]}, {owner}.get({', '.join(given)}))",)
    if method == "__setitem__" and len(given) == 2:
        return (
            f"setenv({', '.join(given)})"
            if is_environment(owner)
            else f"setitem({owner}, {', '.join(given)})",
        )
    return ()


def _updated(source: Source, call: ast.Call) -> tuple[str, ...]:
    """`os.environ.update(A="1")` and `os.environ.update({"A": "1"})`, one call for each variable."""
    name = source.text(call.func)
    if not name.endswith(".update") or not is_environment(name.removesuffix(".update")) or len(call.args) > 1:
        return ()
    pairs: list[tuple[str, str]] = []
    for one in call.args:
        if not isinstance(one, ast.Dict) or None in one.keys:
            return ()
        pairs += [
            (source.text(key), source.text(new)) for key, new in zip(one.keys, one.values, strict=True) if key
        ]
    for word in call.keywords:
        if word.arg is None:
            return ()
        pairs.append((f'"{word.arg}"', source.text(word.value)))
    return tuple(f"setenv({key}, {new})" for key, new in pairs)
