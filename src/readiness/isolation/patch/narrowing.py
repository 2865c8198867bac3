"""A fixture that outlives the tests which need it, given a narrower scope, so that its undoing comes in time."""

from __future__ import annotations

import ast

from readiness.isolation.patch.edit import Candidate, Replace
from readiness.isolation.patch.files import file_of
from readiness.isolation.patch.host import by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from readiness.isolation.patch.files import Files
    from readiness.isolation.patch.source import Source
    from readiness.record.finding import Cause


def narrowed(test: str, cause: Cause, made: Iterable[Candidate], files: Files) -> Iterator[Candidate]:
    """Candidates for a fixture's leak, with the scope that lets them be undone before `test`; others as they are."""
    scope = _scope_for(test, cause)
    if not scope:
        yield from made
        return
    name = cause.polluter.rpartition("::")[2]
    source = files.read(file_of(cause))
    edit = _edit(source, name, scope) if source else None
    for one in made:
        if edit and edit not in one.edits:
            yield Candidate("fixture", (*one.edits, edit))
    yield from made


def _scope_for(test: str, cause: Cause) -> str:
    """The widest scope that ends before the test starts; empty where the fixture's own does."""
    if cause.kind != "fixture" or cause.scope not in ("session", "package", "module"):
        return ""
    same_file = test.partition("::")[0] == cause.during.partition("::")[0]
    if same_file:
        return "function"
    return "module" if cause.scope in ("session", "package") else ""


def _edit(source: Source, name: str, scope: str) -> Replace | None:
    host = by_name(source, (name,))
    if host is None:
        return None
    for one in host.function.decorator_list:
        for word in one.keywords if isinstance(one, ast.Call) else ():
            if word.arg == "scope" and isinstance(word.value, ast.Constant):
                return Replace(source.path, source.start(word.value), source.end(word.value), f'"{scope}"')
    return None
