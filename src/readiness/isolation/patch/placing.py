"""Code that undoes, placed: as lines of a test, of a fixture, of a unittest method, or as a fixture of its own."""

from __future__ import annotations

import ast
import re

from readiness.isolation.patch.edit import Edit, Fixture, Import, Parameter, Replace
from readiness.isolation.patch.source import first_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from readiness.isolation.patch.host import Host
    from readiness.isolation.patch.keeping import Keep
    from readiness.isolation.patch.source import Source
    from readiness.isolation.patch.state import State


def before(source: Source, host: Host, statement: ast.stmt, keep: Keep) -> tuple[Edit, ...] | None:
    """A keep in front of a statement of the host; None where the host cannot undo it."""
    lines, further = undoing(source, host, keep)
    if not lines:
        return None
    start = source.start(statement)
    return (
        *keep.imports,
        *further,
        Replace(source.path, start, start, _joined(source, statement, lines, last=True)),
    )


def after(source: Source, host: Host, statement: ast.stmt, keep: Keep) -> tuple[Edit, ...] | None:
    """A keep behind a statement of the host that binds what it needs."""
    lines, further = undoing(source, host, keep)
    if not lines:
        return None
    end = source.end(statement)
    text = _joined(source, statement, ["", *lines], last=False)
    return (*keep.imports, *further, Replace(source.path, end, end, text))


def instead(source: Source, host: Host, statement: ast.stmt, keep: Keep) -> tuple[Edit, ...] | None:
    """A keep in place of a statement of the host; None where the host cannot undo it."""
    lines, further = undoing(source, host, keep)
    if not lines:
        return None
    text = _joined(source, statement, lines, last=False)
    return (
        *keep.imports,
        *further,
        Replace(source.path, source.start(statement), source.end(statement), text),
    )


def at_start(source: Source, host: Host, keep: Keep) -> tuple[Edit, ...] | None:
    """A keep as the first thing that the host does."""
    body = host.function.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(body) > 1:
        first = body[1]
    if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and first.decorator_list:
        return None
    return before(source, host, first, keep)


def _joined(source: Source, statement: ast.stmt, lines: Sequence[str], *, last: bool) -> str:
    indent = source.indent(statement)
    between = f"\n{indent}" if not indent.strip() else "; "
    return between.join(lines) + (between if last else "")


def undoing(source: Source, host: Host, keep: Keep) -> tuple[list[str], tuple[Edit, ...]]:
    """The lines of a keep as they stand in a host, and what the host needs for them; none where it cannot."""
    path, line = source.path, host.function.lineno
    if host.kind in ("instance", "class"):
        add = "addCleanup" if host.kind == "instance" else "addClassCleanup"
        return [f"{host.receiver}.{add}({', '.join(one)})" for one in keep.cleanups], ()
    if host.kind == "other":
        return [], ()
    further: tuple[Edit, ...] = ()
    if host.kind == "xunit":
        if not _can_be_fixture(host):
            return [], ()
        further = _as_fixture(source, host)
    if keep.patches and host.scope == "function":
        return [f"monkeypatch.{one}" for one in keep.patches], (
            *further,
            Parameter(path, line, "monkeypatch"),
        )
    further = (*further, Parameter(path, line, "request"))
    if keep.patches:
        opened = ["patches = pytest.MonkeyPatch()", "request.addfinalizer(patches.undo)"]
        return [*opened, *(f"patches.{one}" for one in keep.patches)], (
            *further,
            Import(path, "import pytest"),
        )
    if any(len(one) > 1 for one in keep.cleanups):
        further = (*further, Import(path, "import functools"))
    return [f"request.addfinalizer({_bound(one)})" for one in keep.cleanups], further


def _bound(cleanup: tuple[str, ...]) -> str:
    return cleanup[0] if len(cleanup) == 1 else f"functools.partial({', '.join(cleanup)})"


def _can_be_fixture(host: Host) -> bool:
    given = host.function.args
    named = [one.arg for one in (*given.posonlyargs, *given.args)]
    own = named[:1] if host.classes else []
    return not host.function.decorator_list and named == own and own in ([], ["self"])


def _as_fixture(source: Source, host: Host) -> tuple[Edit, ...]:
    """`setup_module` and its like as the fixture that they stand for."""
    place = source.start(host.function)
    scope = "" if host.scope == "function" else f', scope="{host.scope}"'
    text = f"@pytest.fixture(autouse=True{scope})\n{source.indent(host.function)}"
    return (Replace(source.path, place, place, text), Import(source.path, "import pytest"))


def guard(source: Source, state: State, keep: Keep, scope: str = "function") -> tuple[Edit, ...]:
    """A fixture of its own that keeps a state around every test of the file."""
    if keep.patches and scope == "function":
        parameter, lines = "monkeypatch", [f"monkeypatch.{one}" for one in keep.patches]
    elif keep.patches:
        parameter = "request"
        lines = ["patches = pytest.MonkeyPatch()", "request.addfinalizer(patches.undo)"]
        lines += [f"patches.{one}" for one in keep.patches]
    else:
        parameter, lines = "request", [f"request.addfinalizer({_bound(one)})" for one in keep.cleanups]
    further = [Import(source.path, "import pytest")]
    if any("functools." in one for one in lines):
        further.append(Import(source.path, "import functools"))
    words = "autouse=True" if scope == "function" else f'autouse=True, scope="{scope}"'
    body = "\n".join(f"    {one}" for one in lines)
    text = f"@pytest.fixture({words})\ndef {fixture_name(source, state)}({parameter}):\n{body}\n"
    return (*keep.imports, *further, Fixture(source.path, text))


def around_module(
    source: Source, state: State, statement: ast.stmt, calls: tuple[str, ...]
) -> tuple[Edit, ...]:
    """A write that importing the file makes, made by a fixture instead, as long as the file's tests run."""
    body = "\n".join(f"    patches.{one}" for one in calls)
    text = (
        f'@pytest.fixture(autouse=True, scope="module")\ndef {fixture_name(source, state)}(request):\n'
        f"    patches = pytest.MonkeyPatch()\n    request.addfinalizer(patches.undo)\n{body}\n"
    )
    end = source.at((statement.end_lineno or statement.lineno) + 1)
    gone = Replace(source.path, source.at(first_line(statement)), end, "")
    return (gone, Import(source.path, "import pytest"), Fixture(source.path, text))


def fixture_name(source: Source, state: State) -> str:
    """A name that says what is kept and that the file does not know yet."""
    expression = state.expression if state.holder else state.kind
    words = re.findall(r"[A-Za-z0-9]+", expression)
    name = f"keep_{'_'.join(words[-3:]).lower()}"
    while name.encode() in source.data:
        name += "_"
    return name
