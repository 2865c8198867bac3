"""Edits on the side of the test that fails: it sets up what it leans on."""

from __future__ import annotations

import ast

from readiness.isolation.patch import placing
from readiness.isolation.patch.edit import Candidate, Replace
from readiness.isolation.patch.host import by_name
from readiness.isolation.patch.keeping import Keep, keeps
from readiness.isolation.patch.spelling import spell
from readiness.isolation.patch.state import ABSENT, literal
from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.isolation.patch.edit import Edit
    from readiness.isolation.patch.files import Files
    from readiness.isolation.patch.host import Host
    from readiness.isolation.patch.source import Source
    from readiness.isolation.patch.state import State

_GET_LOOP = ("asyncio.get_event_loop", "asyncio.get_event_loop_policy().get_event_loop", "get_event_loop")


def loop(test: str, files: Files) -> Iterator[Candidate]:
    """The victim runs on a loop of its own instead of whichever is current."""
    found = _test(test, files)
    if not found:
        return
    source, host = found
    edits = tuple(_own_loop(source, host))
    if edits:
        yield Candidate("victim", edits)


def _own_loop(source: Source, host: Host) -> Iterator[Edit]:
    taken: set[ast.Call] = set()
    for node in ast.walk(host.function):
        if not isinstance(node, ast.Call) or node in taken:
            continue
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        runs = isinstance(node.func, ast.Attribute) and node.func.attr == "run_until_complete"
        if runs and isinstance(inner, ast.Call) and _gets_loop(inner) and len(node.args) == 1:
            taken.add(inner)
            yield Replace(source.path, source.start(node.func), source.end(node.func), "asyncio.run")
        elif _gets_loop(node):
            yield Replace(source.path, source.start(node), source.end(node), "asyncio.new_event_loop()")


def _gets_loop(call: ast.Call) -> bool:
    return ast.unparse(call.func) in _GET_LOOP and not call.args


def sheltered(test: str, state: State, files: Files) -> Iterator[Candidate]:
    """The victim puts the state where it was before the leak, for its own time."""
    yield from _set(test, state, state.before, files)


def leaning(test: str, state: State, files: Files) -> Iterator[Candidate]:
    """A brittle test sets up what the other test left for it."""
    yield from _set(test, state, state.after, files)


def _set(test: str, state: State, value: str, files: Files) -> Iterator[Candidate]:
    found = _test(test, files)
    if not found or state.kind not in ("attribute", "item") or not (value == ABSENT or literal(value)):
        return
    source, host = found
    if edits := _setting(source, host, state, value):
        yield Candidate("victim", edits)


def _setting(source: Source, host: Host, state: State, value: str) -> tuple[Edit, ...] | None:
    holder = spell(source, state.holder, state.module)
    whole = f"{holder.text}.{state.name}" if state.kind == "attribute" else f"{holder.text}[{state.name}]"
    if host.kind == "instance":
        if value == ABSENT:
            return None
        present = replace(state, before=state.after)
        kept = next(iter(keeps(present, source)), Keep())
        lines = [f"self.addCleanup({', '.join(one)})" for one in kept.cleanups]
        first = host.function.body[0]
        place = source.start(first)
        text = f"\n{source.indent(first)}".join([*lines, f"{whole} = {value}", ""])
        return (*kept.imports, Replace(source.path, place, place, text))
    call = _call(state, holder.text, value)
    return placing.at_start(source, host, Keep((call,), imports=holder.imports))


def _call(state: State, holder: str, value: str) -> str:
    name = f'"{state.name}"' if state.kind == "attribute" else state.name
    kind = "attr" if state.kind == "attribute" else "item"
    if state.kind == "item" and state.holder == "os.environ":
        return f"delenv({name}, raising=False)" if value == ABSENT else f"setenv({name}, {value})"
    if value == ABSENT:
        return f"del{kind}({holder}, {name}, raising=False)"
    absent = ", raising=False" if kind == "attr" and ABSENT in (state.before, state.after) else ""
    return f"set{kind}({holder}, {name}, {value}{absent})"


def _test(test: str, files: Files) -> tuple[Source, Host] | None:
    path, *names = test.partition("[")[0].split("::")
    source = files.read(path) if names else None
    host = by_name(source, tuple(names)) if source else None
    return (source, host) if source and host else None
