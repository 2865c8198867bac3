"""Files that the gate needs and that are not there: scripts, tests, Makefiles, folders, inputs that match nothing."""

from __future__ import annotations

import os

from readiness.config.commands.programs import MAKES, SHELLS
from readiness.config.lint.subject import ERROR, at, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

    from readiness.config.commands import Call
    from readiness.config.lint.subject import Reading, Subject
    from readiness.config.model import Check
    from readiness.record.result import LintFinding

_MADE_ELSEWHERE: Final = frozenset(
    (".venv", "venv", "env", ".env", "node_modules", ".tox", ".nox", "build", "dist", "target")
)
"""Folders that are made by a set-up step and kept out of git on purpose."""
_CREATORS: Final = (
    "mkdir",
    "touch",
    "cp",
    "mv",
    "ln",
    "git",
    "curl",
    "wget",
    "tar",
    "unzip",
    "install",
    "tee",
)
_UNKNOWN: Final = frozenset("$`{}~")
_GLOB: Final = frozenset("*?[")


class Needed:
    """One path that a check needs, relative to the root: what for, and where that is said."""

    __slots__ = ("path", "purpose", "where")

    def __init__(self, path: str, purpose: str, where: str) -> None:
        self.path = path
        self.purpose = purpose
        self.where = where


def needed(subject: Subject) -> list[Needed]:
    """Every path that commands name, each once, those that a command makes itself left out."""
    found: dict[str, Needed] = {}
    for reading in subject.readings:
        for one in _of_reading(reading):
            found.setdefault(one.path, one)
    return list(found.values())


def findings(subject: Subject, paths: Iterable[Needed]) -> Iterator[LintFinding]:
    for one in paths:
        if not _is_there(subject.root, one.path):
            yield _missing(one)
    for reading in subject.readings:
        for what, call in reading.trace.missing:
            message = f"`{reading.check.name}` runs `{call.source}`, and {what}"
            yield found("missing-target", ERROR, call.where, message, "correct its name, or add it")
        yield from _makefiles(subject, reading)
        yield from _inputs(subject.root, reading.check)


def _missing(one: Needed) -> LintFinding:
    message = f"{one.purpose} `{one.path}`, which does not exist"
    return found("missing-file", ERROR, one.where, message, "correct the path, or add what is missing")


def _of_reading(reading: Reading) -> Iterator[Needed]:
    check = reading.check
    if check.cwd != ".":
        yield Needed(os.path.normpath(check.cwd), f"`{check.name}` runs in the folder", at(check.place))
    made: list[str] = []
    for call in reading.trace.calls:
        if call.words and call.words[0] in _CREATORS:
            made += [_joined(call.cwd, word) for word in call.words[1:]]
    named = [
        Needed(path, f"`{check.name}` needs", call.where)
        for call in reading.trace.calls
        for path in _script(call)
    ]
    for run in reading.pytest_calls:
        for target in () if run.pyargs else run.targets:
            path = target.partition("::")[0]
            named.append(Needed(path, f"`{check.name}` runs the tests of", f"{run.file}:{run.line}"))
    yield from (one for one in named if _can_be_judged(one.path) and not _is_made(one.path, made))


def _script(call: Call) -> Iterator[str]:
    """The file that a call executes, when its words name one."""
    words = call.words
    if not words:
        return
    if words[0] == "python" or words[0] in SHELLS:
        named = _first_argument(words)
        if named and ("/" in named or named.endswith((".py", ".sh"))):
            yield _joined(call.cwd, named)
    elif "/" in words[0]:
        yield _joined(call.cwd, words[0])


def _first_argument(words: tuple[str, ...]) -> str:
    at, with_value = 1, ("-W", "-X", "-o", "+o")
    while at < len(words) and words[at].startswith(("-", "+")):
        if words[at] in ("-c", "-", "-m") or (words[0] in SHELLS and "c" in words[at]):
            return ""
        at += 2 if words[at] in with_value else 1
    return words[at] if at < len(words) else ""


def _joined(cwd: str, path: str) -> str:
    return os.path.normpath(os.path.join(cwd, path))


def _can_be_judged(path: str) -> bool:
    """False for paths outside the project, those known only when run, and those a set-up step makes."""
    if os.path.isabs(path) or path.startswith("..") or not _UNKNOWN.isdisjoint(path):
        return False
    return _MADE_ELSEWHERE.isdisjoint(path.split("/")[:-1])


def _is_made(path: str, made: list[str]) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in made)


def _is_there(root: str, path: str) -> bool:
    if os.path.lexists(os.path.join(root, path)):
        return True
    if _GLOB.isdisjoint(path):
        return False
    import glob

    return next(glob.iglob(path, root_dir=root, recursive=True), None) is not None


def _makefiles(subject: Subject, reading: Reading) -> Iterator[LintFinding]:
    for call in reading.trace.calls:
        if call.words[:1] and call.words[0] in MAKES:
            from readiness.config.commands.makefile import find_makefile
            from readiness.config.commands.nested import MakeCall

            called = MakeCall(call.words[1:])
            folder = _joined(call.cwd, called.folder)
            if _can_be_judged(f"{folder}/x") and not find_makefile(
                os.path.join(subject.root, folder), called.file
            ):
                path = os.path.normpath(os.path.join(folder, called.file or "Makefile"))
                yield _missing(Needed(path, f"`{reading.check.name}` needs", call.where))


def _inputs(root: str, check: Check) -> Iterator[LintFinding]:
    """Globs that match nothing: a change that they should have seen would be answered from the cache."""
    for pattern in check.inputs:
        if _matches(root, pattern):
            continue
        message = f"`{pattern}` of the inputs of `{check.name}` matches no file"
        advice = "correct it: an input that is not seen lets an old result stand for new code"
        if os.path.isdir(os.path.join(root, pattern)):
            advice = f"write `{pattern.rstrip('/')}/**` for all that lies in the folder"
        yield found("missing-file", ERROR, at(check.place), message, advice)


def _matches(root: str, pattern: str) -> bool:
    folder = pattern.removesuffix("**").rstrip("/") if pattern.endswith(("/", "/**")) else ""
    if folder and _GLOB.isdisjoint(folder):
        return _holds_a_file(os.path.join(root, folder))
    if _GLOB.isdisjoint(pattern):
        return os.path.isfile(os.path.join(root, pattern))
    import glob

    paths = glob.iglob(pattern, root_dir=root, recursive=True, include_hidden=True)
    return any(os.path.isfile(os.path.join(root, path)) for path in paths)


def _holds_a_file(folder: str) -> bool:
    return any(names for _, _, names in os.walk(folder))
