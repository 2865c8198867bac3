"""Where the polluter is known and the state is not: every write in it that a person would look at first.

A guess, and shown only when the whole suite has proved it, like every other candidate.
"""

from __future__ import annotations

import ast

from readiness.isolation.patch import placing
from readiness.isolation.patch.direct import is_environment, rewrite
from readiness.isolation.patch.edit import Candidate
from readiness.isolation.patch.host import XUNIT, Host, by_name, host_of
from readiness.isolation.patch.keeping import Keep
from readiness.isolation.patch.special import specials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.isolation.patch.edit import Edit
    from readiness.isolation.patch.files import Files
    from readiness.isolation.patch.source import Source
    from readiness.record.finding import Cause


def guessed(cause: Cause, files: Files) -> Iterator[Candidate]:
    """Every plain write in the polluter and in what sets it up, undone; then in the whole file, whose other tests may do
    the same."""
    path, *names = cause.polluter.partition("[")[0].split("::")
    source = files.read(path) if names else None
    polluter = by_name(source, tuple(names)) if source else None
    if source is None or polluter is None:
        return
    everywhere = [host_of(source, function, classes) for function, classes in source.functions()]
    for hosts in (list(_around(source, polluter)), everywhere):
        edits = [edit for host in hosts for edit in _edits(source, host)]
        if edits:
            yield Candidate("polluter", tuple(dict.fromkeys(edits)))


def _edits(source: Source, host: Host) -> Iterator[Edit]:
    kept: set[Keep] = set()
    for statement in _statements(host):
        yield from _undone(source, host, statement, kept) or ()


def _around(source: Source, polluter: Host) -> Iterator[Host]:
    """The polluter, the set-up of its class and module, and the fixtures of its file that it names."""
    yield polluter
    wanted = {one.arg for one in polluter.function.args.args}
    for function, classes in source.functions():
        host = host_of(source, function, classes)
        own_class = bool(classes) and classes == polluter.classes
        sets_up = function.name in (*XUNIT, "setUp", "setUpClass") and (own_class or not classes)
        if sets_up or (host.kind == "fixture" and function.name in wanted):
            yield host


def _statements(host: Host) -> Iterator[ast.stmt]:
    for node in ast.walk(host.function):
        if isinstance(node, (ast.Assign, ast.Delete, ast.Expr)):
            yield node


def _undone(source: Source, host: Host, statement: ast.stmt, kept: set[Keep]) -> tuple[Edit, ...] | None:
    """What undoes one statement; `kept` are keeps that stand further up in the same function."""
    for one in specials(source, statement, None):
        place = placing.after if one.after else placing.instead if one.replaces else placing.before
        return place(source, host, statement, one.keep)
    if host.kind in ("instance", "class"):
        keep = _kept(source, statement)
        if keep is None or keep in kept:
            return None
        kept.add(keep)
        return placing.before(source, host, statement, keep)
    rewritten = rewrite(source, statement, None) if _outlives(source, host, statement) else None
    return placing.instead(source, host, statement, Keep(rewritten.calls)) if rewritten else None


def _kept(source: Source, statement: ast.stmt) -> Keep | None:
    """For unittest, which has no MonkeyPatch: the few writes that need no more than what is written there."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        name = source.text(statement.value.func)
        return Keep((), (("os.chdir", "os.getcwd()"),)) if name == "os.chdir" else None
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if isinstance(target, ast.Subscript) and is_environment(owner := source.text(target.value)):
        return Keep(
            (), ((f"{owner}.update", f"dict({owner})"), (f"{owner}.pop", source.text(target.slice), "None"))
        )
    if isinstance(target, ast.Attribute) and not source.text(target).startswith(("self.", "cls.")):
        whole = source.text(target)
        return Keep((), (("setattr", source.text(target.value), f'"{target.attr}"', whole),))
    return None


def _outlives(source: Source, host: Host, statement: ast.stmt) -> bool:
    """Whether a write goes to something that was there before the function: not to its own names, nor to `self`."""
    target: ast.expr | None = None
    if isinstance(statement, (ast.Assign, ast.Delete)):
        target = statement.targets[0]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        target = function if isinstance(function, ast.Attribute) else None
        if target is None:
            return source.text(function) in ("setattr", "delattr", "chdir")
    while isinstance(target, (ast.Attribute, ast.Subscript)):
        target = target.value
    if not isinstance(target, ast.Name) or target.id in ("self", "cls"):
        return False
    return target.id not in _assigned(host.function)


def _assigned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    names = {
        one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    given = function.args
    return names | {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
