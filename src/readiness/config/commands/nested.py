"""Commands that run other commands of the project: make targets, shell scripts, npm scripts.

Each comes to the shell texts that it runs, in order, with their file and line. All is read from the
project's folder and nothing is run; what lies outside it, or cannot be read, is a program like any other.
"""

from __future__ import annotations

import os

from readiness.config.commands.programs import MAKES, NODE_RUNNERS, SHELLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.config.commands.makefile import Makefile

_LARGEST: Final = 500_000
_MAKE_VALUE_OPTIONS: Final = ("-C", "--directory", "-f", "--file", "--makefile", "-I", "-o", "-W", "-j", "-l")
_NODE_BUILT_IN: Final = ("test", "t", "start", "stop", "restart")


class Script:
    """One shell text: where it stands, in which folder it runs, and how its shell treats failures.

    `line` is the first line's number. `ignored` says, in words, why its status is thrown away; empty when it
    is not. `key` names it, so that a script that calls itself is followed once.
    """

    __slots__ = (
        *("arguments", "cwd", "errexit", "file", "ignored"),
        *("key", "line", "pipefail", "text", "variables"),
    )

    def __init__(self, text: str, file: str, line: int, cwd: str, key: str) -> None:
        self.text = text
        self.file = file
        self.line = line
        self.cwd = cwd
        self.key = key
        self.errexit = False
        self.pipefail = False
        self.ignored = ""
        self.arguments: tuple[str, ...] = ()
        self.variables: Mapping[str, str] = {}


class Missing(LookupError):
    """A make target or npm script that is called and that nothing defines."""


class Project:
    """The project's folder, and the Makefiles of it that were read."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._makefiles: dict[str, Makefile] = {}

    def scripts(self, words: tuple[str, ...], cwd: str, file: str, line: int) -> list[Script] | None:
        """What `words`, called in `cwd` from `file:line`, runs; None for a program. Raises Missing."""
        if words[0] in MAKES:
            return self._make(words, cwd)
        if words[0] in SHELLS:
            return self._shell(words, cwd, file, line)
        if words[0] in NODE_RUNNERS:
            return self._node(words, cwd)
        if "/" in words[0]:
            return self._file(words[0], words[1:], cwd, "")
        return None

    def _path(self, cwd: str, name: str) -> str:
        """`name` in `cwd`, relative to the root; empty when it lies outside the project."""
        path = os.path.normpath(os.path.join(cwd, name))
        return "" if os.path.isabs(path) or path.startswith("..") else path

    def _shell(self, words: tuple[str, ...], cwd: str, file: str, line: int) -> list[Script] | None:
        at, flags = 1, ""
        while at < len(words) and words[at].startswith(("-", "+")) and words[at] != "--":
            named = words[at + 1 : at + 2] if words[at].endswith("o") else ()
            flags += "" if words[at].startswith("--") else " ".join((words[at][1:], *named, ""))
            at += 1 + len(named)
        if at >= len(words):
            return None
        if not any("c" in flag for flag in flags.split() if flag != "pipefail"):
            return self._file(words[at], words[at + 1 :], cwd, flags)
        script = Script(words[at], file, line, cwd, f"{file}:{line}:{words[at]}")
        script.arguments = words[at + 2 :]
        _set_options(script, flags)
        return [script]

    def _file(self, name: str, arguments: tuple[str, ...], cwd: str, flags: str) -> list[Script] | None:
        """The shell script `name`; None when it is missing, outside the project, or of another language."""
        path = self._path(cwd, name)
        text = _read(os.path.join(self.root, path)) if path else ""
        first = text.partition("\n")[0]
        programs = [word.rpartition("/")[2] for word in first[2:].split()] if first.startswith("#!") else []
        if not text or not (SHELLS.intersection(programs) if programs else path.endswith((".sh", ".bash"))):
            return None
        script = Script(text, path, 1, cwd, path)
        script.arguments = arguments
        _set_options(script, " ".join([flags, *(word for word in first.split()[1:] if word.startswith("-"))]))
        return [script]

    def _node(self, words: tuple[str, ...], cwd: str) -> list[Script] | None:
        from json import JSONDecodeError, loads

        called = _node_call(words)
        path = self._path(os.path.join(cwd, called[1]), "package.json") if called else ""
        text = _read(os.path.join(self.root, path)) if path else ""
        if called is None or not text:
            return None
        name, _, arguments = called
        try:
            scripts = loads(text).get("scripts", {})
        except (JSONDecodeError, AttributeError):
            return None
        if not isinstance(scripts.get(name), str):
            if name in _NODE_BUILT_IN or words[1] == "run":
                raise Missing(f"{path} has no script `{name}`")
            return None
        command = " ".join((scripts[name], *arguments))
        line = _line_of(text, f'"{name}"')
        return [Script(command, path, line, os.path.dirname(path) or ".", f"{path}:{name}")]

    def _make(self, words: tuple[str, ...], cwd: str) -> list[Script] | None:
        called = MakeCall(words[1:])
        folder = self._path(cwd, called.folder)
        makefile = self.makefile(folder, called.file)
        if makefile is None:
            return None
        found: list[Script] = []
        seen: set[str] = set()
        for goal in called.goals or [makefile.default_goal]:
            if makefile.rule(goal)[0] is None:
                if makefile.whole and self._is_missing(makefile, goal, folder):
                    raise Missing(f"{makefile.shown} has no target `{goal}`")
                return None
            self._goal(makefile, goal, called, folder, found, seen)
        return found

    def _is_missing(self, makefile: Makefile, goal: str, folder: str) -> bool:
        """True when make would know no way to the goal: no rule, no file of that name or made from it."""
        if "$" in goal or "`" in goal or goal in makefile.phony:
            return False
        there, name = os.path.split(os.path.join(self.root, folder, goal))
        names = os.listdir(there) if os.path.isdir(there) else []
        return not any(one == name or one.startswith(f"{name}.") for one in names)

    def makefile(self, folder: str, named: str = "") -> Makefile | None:
        """The Makefile of a folder of the project, read once; None when there is none."""
        from readiness.config.commands.makefile import find_makefile, read_makefile

        path = find_makefile(os.path.join(self.root, folder), named) if folder else ""
        if path and path not in self._makefiles and os.access(path, os.R_OK):
            self._makefiles[path] = read_makefile(path, os.path.normpath(os.path.relpath(path, self.root)))
        return self._makefiles.get(path)

    def _goal(
        self, makefile: Makefile, goal: str, call: MakeCall, folder: str, found: list[Script], seen: set[str]
    ) -> None:
        rule, stem = makefile.rule(goal)
        if rule is None or goal in seen:
            return
        seen.add(goal)
        for prerequisite in makefile.prerequisites(rule, goal, call.variables, stem):
            self._goal(makefile, prerequisite, call, folder, found, seen)
        options = makefile.shell_options()
        for line in makefile.lines(rule, goal, call.variables, stem):
            script = Script(line.text, line.file, line.number, folder, f"{line.file}:{line.number}")
            script.variables = call.variables
            _set_options(script, options)
            script.ignored = _why_ignored(call, line.ignored, goal)
            found.append(script)


def _why_ignored(call: MakeCall, line_ignored: bool, goal: str) -> str:
    if call.ignores:
        return f"`{call.ignores}` makes make ignore every failure"
    return f"make ignores this line of `{goal}` (a `-` before it, or `.IGNORE`)" if line_ignored else ""


class MakeCall:
    """What `make -C dir -f file -i NAME=value goal` says."""

    __slots__ = ("file", "folder", "goals", "ignores", "variables")

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self.folder, self.file, self.ignores = ".", "", ""
        self.goals: list[str] = []
        self.variables: dict[str, str] = {}
        at = 0
        while at < len(arguments):
            word = arguments[at]
            following = arguments[at + 1] if at + 1 < len(arguments) else ""
            if word in _MAKE_VALUE_OPTIONS and (word not in ("-j", "-l") or following.isdigit()):
                self._option(word, following)
                at += 1
            else:
                self._word(word)
            at += 1

    def _word(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            self._option(name, value)
        elif word.startswith("-"):
            self._option(word[:2], word[2:])
            if "i" in word[1:] and word[1] not in "CfIoWjl":
                self.ignores = word
        elif equals:
            self.variables[name] = value
        else:
            self.goals.append(word)

    def _option(self, name: str, value: str) -> None:
        if name in ("-C", "--directory"):
            self.folder = os.path.join(self.folder, value)
        elif name in ("-f", "--file", "--makefile"):
            self.file = value
        elif name == "--ignore-errors":
            self.ignores = name


def _node_call(words: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]] | None:
    """Script name, folder and further arguments of `npm [--prefix dir] run name -- args`."""
    folder, rest = ".", list(words[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("--prefix", "-C", "--dir", "--cwd") and rest:
            folder = rest.pop(0)
    if rest[:1] in (["run"], ["run-script"]):
        rest.pop(0)
    elif words[0] == "npm" and rest[:1] and rest[0] not in _NODE_BUILT_IN:
        return None
    if not rest:
        return None
    name = "test" if rest[0] == "t" else rest[0]
    return name, folder, tuple(word for word in rest[1:] if word != "--")


def _set_options(script: Script, flags: str) -> None:
    script.pipefail = "pipefail" in flags
    script.errexit = "e" in flags.replace("pipefail", "").replace("xtrace", "").replace("verbose", "")


def _read(path: str) -> str:
    """The start of a text file; empty when there is no such file or it is none that can be read as text."""
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST)


def _line_of(text: str, wanted: str) -> int:
    """The line on which `wanted` stands after `"scripts"`."""
    at = text.find(wanted, max(text.find('"scripts"'), 0))
    return text.count("\n", 0, max(at, 0)) + 1
