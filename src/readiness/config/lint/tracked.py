"""Files that the gate needs and that git does not track: there on this machine, absent from every fresh clone."""

from __future__ import annotations

import os

from readiness.config.lint.subject import WARNING, found, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from readiness.config.lint.files import Needed
    from readiness.config.lint.subject import AskGit, Subject
    from readiness.record.result import LintFinding

_ADVICE = "`git add` it, and see that .gitignore does not name it: a fresh clone has no such file"


def findings(subject: Subject, needed: Iterable[Needed], ask_git: AskGit | None) -> Iterator[LintFinding]:
    """Nothing outside a git checkout, or without git: the record of the run says so."""
    needs = _all_needed(subject, needed)
    there = {path: says for path, says in needs.items() if os.path.lexists(os.path.join(subject.root, path))}
    if not there:
        return
    tracked = _tracked(subject.root, list(there), ask_git or _git)
    if tracked is None:
        return
    for path, (purpose, where) in there.items():
        absent = _untracked(subject.root, path, tracked)
        if absent:
            yield found("untracked-file", WARNING, where, _told(purpose, path, absent), _ADVICE)


def _all_needed(subject: Subject, needed: Iterable[Needed]) -> dict[str, tuple[str, str]]:
    """Path to what needs it and where: what commands name, the files they were read from, the configuration."""
    found = {subject.config.path: ("the gate itself is", subject.top)}
    for one in needed:
        found.setdefault(one.path, (one.purpose, one.where))
    for reading in subject.readings:
        for call in reading.trace.calls:
            found.setdefault(call.file, (f"`{reading.check.name}` needs", call.where))
    return {path: says for path, says in found.items() if not os.path.isabs(path) and "*" not in path}


def _told(purpose: str, path: str, absent: list[str]) -> str:
    if absent == [path]:
        return f"{purpose} `{path}`, which git does not track"
    return f"{purpose} `{path}`, where git does not track {listed(absent)}"


def _tracked(root: str, paths: list[str], ask_git: AskGit) -> frozenset[str] | None:
    """The tracked files at or below `paths`; None when there is no checkout to ask."""
    try:
        code, output = ask_git(("--literal-pathspecs", "-C", root, "ls-files", "-z", "--", *paths))
    except OSError:
        return None
    if code != 0:
        return None
    return frozenset(name.decode("utf-8", "surrogateescape") for name in output.split(b"\0") if name)


def _git(arguments: tuple[str, ...]) -> tuple[int, bytes]:
    import subprocess

    done = subprocess.run(["git", *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def _untracked(root: str, path: str, tracked: frozenset[str]) -> list[str]:
    """The path itself when it is a file that git does not know; of a folder, its test files that are not."""
    if not os.path.isdir(os.path.join(root, path)):
        return [] if path in tracked else [path]
    if not any(name.startswith(f"{path}/") or path == "." for name in tracked):
        return [path]
    return sorted(name for name in _test_files(root, path) if name not in tracked)


def _test_files(root: str, path: str) -> Iterator[str]:
    for folder, folders, names in os.walk(os.path.join(root, path)):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _NOT_TESTS]
        for name in names:
            if name.endswith(".py") and (name.startswith(("test_", "conftest")) or name.endswith("_test.py")):
                yield os.path.normpath(os.path.relpath(os.path.join(folder, name), root))


_NOT_TESTS = ("__pycache__", "node_modules", "venv", "build", "dist")
