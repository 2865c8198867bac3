"""Edits as values, and a file with them made. The same edit wanted twice is made once."""

from __future__ import annotations

import ast
import re
import sys

from readiness.isolation.patch.source import Source, first_line
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

_COMMA_AT_END: Final = re.compile(rb",[\s#]*$")


class Conflict(Exception):
    """Two edits that cannot both be made."""


@value
class Replace:
    """`text` in place of the bytes from `start` to `end`; the two are the same where it is put in between."""

    path: str
    start: int
    end: int
    text: str


@value
class Parameter:
    """A further parameter `name` of the function whose `def` is on `line`."""

    path: str
    line: int
    name: str


@value
class Import:
    """An import statement at the top of the file."""

    path: str
    text: str


@value
class Fixture:
    """A new fixture before the first definition of the file."""

    path: str
    text: str


Edit = Replace | Parameter | Import | Fixture


@value
class Candidate:
    """One way to undo a cause. `side` as in `Patch`."""

    side: str
    edits: tuple[Edit, ...]


def edited(source: Source, edits: Iterable[Edit]) -> bytes:
    """The file with all of its edits made. Raises Conflict when two of them overlap or the result does not parse."""
    wanted = list(dict.fromkeys(one for one in edits if one.path == source.path))
    replacements = [
        *(one for one in wanted if isinstance(one, Replace)),
        *_parameters(source, [one for one in wanted if isinstance(one, Parameter)]),
        *_imports(source, [one.text for one in wanted if isinstance(one, Import)]),
        *_fixtures(source, [one.text for one in wanted if isinstance(one, Fixture)]),
    ]
    order = sorted(enumerate(replacements), key=lambda one: (one[1].start, one[1].end, one[0]))
    pieces, done = [], 0
    for _, one in order:
        if one.start < done:
            raise Conflict(f"{source.path}: two edits of the same lines")
        text = one.text.replace("\n", source.newline)
        pieces += [source.data[done : one.start], text.encode()]
        done = one.end
    data = b"".join([*pieces, source.data[done:]])
    try:
        ast.parse(data)
    except (SyntaxError, ValueError) as error:
        raise Conflict(f"{source.path}: the edited file does not parse: {error}") from error
    return data


def _parameters(source: Source, wanted: list[Parameter]) -> Iterator[Replace]:
    for line in sorted({one.line for one in wanted}):
        names = [one.name for one in wanted if one.line == line]
        function = next(one for one, _ in source.functions() if one.lineno == line)
        given = function.args
        known = {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
        if missing := [name for name in names if name not in known]:
            yield _parameter(source, function, ", ".join(missing))


def _parameter(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef, names: str) -> Replace:
    """Behind the last parameter that must be given."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    required = positional[: len(positional) - len(given.defaults)]
    if required:
        place = source.end(required[-1].annotation or required[-1])
        return Replace(source.path, place, place, f", {names}")
    pattern = re.compile(rb"def\s+" + function.name.encode() + rb"\s*(?:\[[^\]]*\]\s*)?\(")
    opened = pattern.search(source.data, source.start(function))
    assert opened is not None
    others = bool(given.args or given.vararg or given.kwonlyargs or given.kwarg)
    return Replace(source.path, opened.end(), opened.end(), f"{names}, " if others else names)


def bound_names(source: Source) -> dict[str, str]:
    """What the imports at the top of the file bind: the name to the module or `module.name` that it stands for."""
    bound: dict[str, str] = {}
    for node in source.tree.body:
        if isinstance(node, ast.Import):
            for one in node.names:
                bound[one.asname or one.name.split(".")[0]] = (
                    one.name if one.asname else one.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for one in node.names:
                bound[one.asname or one.name] = f"{node.module}.{one.name}"
    return bound


def imported_modules(source: Source) -> set[str]:
    """Modules that `import a.b` at the top of the file loads, by their full names."""
    return {
        one.name
        for node in source.tree.body
        if isinstance(node, ast.Import)
        for one in node.names
        if not one.asname
    }


def _imports(source: Source, texts: list[str]) -> Iterator[Replace]:
    known = {source.text(node) for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))}
    wanted = sorted(
        (text for text in dict.fromkeys(texts) if text not in known),
        key=lambda text: (_sort(text.split()[1]), text),
    )
    places: dict[tuple[int, str, str], list[str]] = {}
    for text in wanted:
        places.setdefault(_import_place(source, text), []).append(text)
    for (place, before, after), together in places.items():
        lines = "\n".join(together)
        yield Replace(source.path, place, place, f"{before}{lines}\n{after}")


def _import_place(source: Source, text: str) -> tuple[int, str, str]:
    """Behind the last import of the same sort that sorts before it, with the blank line that a new group needs."""
    imports = [node for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    future = [node for node in imports if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    imports = [node for node in imports if node not in future]
    sort = _sort(text.split()[1])
    same = [node for node in imports if _sort(_module(node)) == sort]
    if same:
        behind = [node for node in same if isinstance(node, ast.Import) and source.text(node) < text]
        return (_line_after(source, behind[-1]), "", "") if behind else (source.at(same[0].lineno), "", "")
    if later := [node for node in imports if _sort(_module(node)) > sort]:
        return source.at(later[0].lineno), "", "\n"
    if imports or future:
        return _line_after(source, (imports or future)[-1]), "\n", ""
    first = source.tree.body[0] if source.tree.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return _line_after(source, first), "\n", ""
    return (source.at(first_line(first)) if first else 0), "", "\n\n"


def _line_after(source: Source, node: ast.stmt) -> int:
    return source.at((node.end_lineno or node.lineno) + 1)


def _module(node: ast.Import | ast.ImportFrom) -> str:
    return node.names[0].name if isinstance(node, ast.Import) else "." * node.level + (node.module or "")


def _sort(module: str) -> int:
    """Imports of the standard library come first, then those of packages, then relative ones."""
    first = module.split(".")[0]
    return 0 if first in sys.stdlib_module_names else 1 if first else 2


def _fixtures(source: Source, texts: list[str]) -> Iterator[Replace]:
    if not texts:
        return
    first = next(
        (
            one
            for one in source.tree.body
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        ),
        None,
    )
    place = _before_comments(source, first_line(first)) if first else len(source.data)
    joined = "\n\n\n".join(text.strip("\n") for text in texts)
    yield Replace(source.path, place, place, f"{joined}\n\n\n" if first else f"\n\n{joined}\n")


def _before_comments(source: Source, line: int) -> int:
    """The start of a line, or of the comments that stand right above it."""
    lines = source.data.splitlines()
    while line > 1 and lines[line - 2].startswith(b"#"):
        line -= 1
    return source.at(line)
