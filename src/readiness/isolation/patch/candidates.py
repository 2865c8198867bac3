"""All the ways to undo one cause that this knows, the best first. Nothing here says that one works: see `verify`."""

from __future__ import annotations

from readiness.isolation.patch import narrowing, placing, victim
from readiness.isolation.patch.containers import with_container
from readiness.isolation.patch.direct import rewrite
from readiness.isolation.patch.edit import Candidate
from readiness.isolation.patch.files import file_of
from readiness.isolation.patch.guessing import guessed
from readiness.isolation.patch.host import by_name, enclosing
from readiness.isolation.patch.keeping import Keep, keeps
from readiness.isolation.patch.source import Unreadable
from readiness.isolation.patch.special import specials
from readiness.isolation.patch.state import read_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from readiness.isolation.patch.edit import Edit
    from readiness.isolation.patch.files import Files
    from readiness.isolation.patch.host import Host
    from readiness.isolation.patch.source import Source
    from readiness.isolation.patch.state import State
    from readiness.record.finding import Cause


def candidates(
    test: str, cause: Cause, files: Files, *, brittle: bool = False
) -> tuple[list[Candidate], str]:
    """The candidates for one cause of a test's failure, and why there are none."""
    try:
        state = read_state(cause, files.is_module)
        state = with_container(state, files) if state else None
        if brittle:
            made = list(victim.leaning(test, state, files)) if state else []
            return made, "" if made else "what it needs from the other test cannot be said in one line"
        made = list(_all(test, cause, state, files))
    except Unreadable as error:
        return [], str(error)
    unique = list(dict.fromkeys(made))
    return unique, "" if unique else _why_none(cause, state)


def _why_none(cause: Cause, state: State | None) -> str:
    if not cause.state:
        return "the state that leaks is not known"
    if state is None:
        return f"no expression reaches {cause.state}, so no code can put it back"
    return f"no edit of {cause.where} is known that puts {cause.state} back"


def _all(test: str, cause: Cause, state: State | None, files: Files) -> Iterator[Candidate]:
    if state and state.kind == "loop":
        yield from victim.loop(test, files)
    if cause.kind == "import":
        yield from _of_import(cause, state, files)
    else:
        yield from narrowing.narrowed(test, cause, _of_polluter(cause, state, files), files)
    if not cause.state:
        yield from guessed(cause, files)
    if state:
        yield from _guards(cause, state, files)
        yield from victim.sheltered(test, state, files)


def _of_polluter(cause: Cause, state: State | None, files: Files) -> Iterator[Candidate]:
    for number, frame in enumerate(cause.stack or ((cause.where,) if cause.exact else ())):
        path, _, line = frame.rpartition(":")
        source = files.read(path)
        host = enclosing(source, int(line)) if source else None
        statement = source.statement(int(line)) if source else None
        if source and host and statement and host.kind != "other":
            yield from _at(source, host, statement, state, written_here=number == 0)
            break
    if state:
        yield from _in_the_test(cause, state, files)


def _at(
    source: Source, host: Host, statement: ast.stmt, state: State | None, *, written_here: bool
) -> Iterator[Candidate]:
    side = _side(host)
    if (
        written_here
        and (rewritten := rewrite(source, statement, state))
        and host.kind not in ("instance", "class")
    ):
        yield from _made(side, placing.instead(source, host, statement, Keep(rewritten.calls)))
    for one in specials(source, statement, state):
        place = placing.after if one.after else placing.instead if one.replaces else placing.before
        yield from _made(side, place(source, host, statement, one.keep))
    for keep in keeps(state, source) if state else ():
        yield from _made(side, placing.before(source, host, statement, keep))


def _in_the_test(cause: Cause, state: State, files: Files) -> Iterator[Candidate]:
    """Kept from the start of the polluter, where the place of the write is not known or is in no test."""
    found = _polluter(cause, files)
    if found:
        source, host = found
        for keep in keeps(state, source):
            yield from _made(_side(host), placing.at_start(source, host, keep))


def _polluter(cause: Cause, files: Files) -> tuple[Source, Host] | None:
    path, *names = cause.polluter.partition("[")[0].split("::")
    if cause.kind == "fixture":
        # Its name says from where on it is seen: the file of a test, a folder, or nothing for the whole project.
        path, names = file_of(cause), [cause.polluter.rpartition("::")[2]]
    source = files.read(path) if names else None
    host = by_name(source, tuple(names)) if source else None
    return (source, host) if source and host else None


def _guards(cause: Cause, state: State, files: Files) -> Iterator[Candidate]:
    source = files.read(file_of(cause))
    if source is None or cause.kind == "import":
        return
    scope = "module" if cause.kind == "fixture" else "function"
    # Of a name that was not there, only a MonkeyPatch says so before the test has made it.
    for keep in sorted(keeps(state, source), key=lambda one: not one.patches):
        yield Candidate("guard", placing.guard(source, state, keep, scope))


def _of_import(cause: Cause, state: State | None, files: Files) -> Iterator[Candidate]:
    source = files.read(cause.polluter)
    if source is None or state is None:
        return
    for statement in source.tree.body:
        rewritten = rewrite(source, statement, state)
        if rewritten and state.name.strip("'\"") in source.text(statement):
            yield Candidate("polluter", placing.around_module(source, state, statement, rewritten.calls))


def _side(host: Host) -> str:
    fixture = host.kind in ("fixture", "xunit", "class") or host.function.name == "setUp"
    return "fixture" if fixture else "polluter"


def _made(side: str, edits: tuple[Edit, ...] | None) -> Iterator[Candidate]:
    if edits:
        yield Candidate(side, edits)
