"""Reading a Makefile far enough to see which recipe lines a target runs and which of them make ignores.

Source: GNU make manual 4.4, chapters 3 (makefiles), 5 (recipes; 5.5 errors) and 6 (variables). Of
conditionals both sides are read; functions such as `$(shell …)` stay as they are written.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

NAMES: Final = ("GNUmakefile", "makefile", "Makefile")
_LARGEST: Final = 2_000_000
_ASSIGNMENT: Final = re.compile(
    r"\s*(?:(?:export|override|private)\s+)*([^\s:#=+?!]+)\s*(::?:?=|\?=|\+=|!=|=)\s*(.*)", re.DOTALL
)
_RULE: Final = re.compile(r"([^:=#]+?)\s*(::?)(?!=)\s*(.*)", re.DOTALL)
_REFERENCE: Final = re.compile(r"\$(?:\$|\(([^()\s:,$]+)\)|\{([^{}\s:,$]+)\}|([@<^*+?|A-Za-z]))")
_CONDITIONAL: Final = ("ifeq", "ifneq", "ifdef", "ifndef", "else", "endif")
_DEPTH: Final = 10
_MOST_PUT_IN: Final = 20_000
"""Variables that are made of each other can come to any length; past this many they stay as written."""


class Line:
    """One recipe line, ready for a shell; `ignored` when `-` stands before it."""

    __slots__ = ("file", "ignored", "number", "text")

    def __init__(self, text: str, ignored: bool, file: str, number: int) -> None:
        self.text = text
        self.ignored = ignored
        self.file = file
        self.number = number


class Rule:
    """A target's prerequisites and recipe, as written: each recipe line with its file and number."""

    __slots__ = ("prerequisites", "recipe", "variables")

    def __init__(self) -> None:
        self.prerequisites = ""
        self.recipe: list[tuple[str, int, str]] = []
        self.variables: dict[str, str] = {}


class Makefile:
    """Rules and variables of a Makefile and what it includes. `ignored` is `.IGNORE`'s list, None for all.

    `shown` is what messages call it.
    """

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.rules: dict[str, Rule] = {}
        self.variables: dict[str, str] = {"MAKE": "make", "CURDIR": ".", "PWD": "."}
        self.ignored: frozenset[str] | None = frozenset()
        self.one_shell = False
        self.whole = True
        """False when rules may come from what cannot be read: a file that is included, or `$(eval …)`."""
        self.phony: frozenset[str] = frozenset()
        self.put_in = 0

    @property
    def default_goal(self) -> str:
        first = next((name for name in self.rules if not name.startswith(".") and "%" not in name), "")
        return self.variables.get(".DEFAULT_GOAL") or first

    def rule(self, goal: str) -> tuple[Rule | None, str]:
        """The rule for a goal and the stem that `%` stands for, by pattern when none is named so."""
        if goal in self.rules:
            return self.rules[goal], ""
        for name, rule in self.rules.items():
            before, percent, after = name.partition("%")
            if percent and goal.startswith(before) and goal.endswith(after) and len(goal) >= len(name):
                return rule, goal[len(before) : len(goal) - len(after)]
        return None, ""

    def prerequisites(self, rule: Rule, goal: str, overrides: Mapping[str, str], stem: str) -> list[str]:
        text = self.expand(rule.prerequisites, {**rule.variables, **overrides, "@": goal})
        return [one.replace("%", stem) for one in text.split() if one != "|" and "$" not in one]

    def lines(self, rule: Rule, goal: str, overrides: Mapping[str, str], stem: str) -> list[Line]:
        """The recipe of `goal`, ready for a shell; with `.ONESHELL` all of it is one line."""
        automatic = {"@": goal, "*": stem, "<": "", "^": "", "?": "", "+": "", "|": ""}
        variables = {**rule.variables, **overrides, **automatic}
        ignored = self.ignored is None or goal in self.ignored
        found = [
            _line(self.expand(text, variables), ignored, file, number) for file, number, text in rule.recipe
        ]
        if self.one_shell and found:
            joined = "\n".join(line.text for line in found)
            return [Line(joined, found[0].ignored, found[0].file, found[0].number)]
        return found

    def shell_options(self) -> str:
        """The flags that make hands to its shell: `-c` unless `.SHELLFLAGS` says otherwise."""
        return self.expand(self.variables.get(".SHELLFLAGS", "-c"), {})

    def expand(self, text: str, local: Mapping[str, str], depth: int = 0) -> str:
        """`text` with variables put in; an unknown one is empty, as in make."""

        def value(match: re.Match[str]) -> str:
            if match.group(0) == "$$":
                return "$"
            name = match.group(1) or match.group(2) or match.group(3)
            found = local.get(name, self.variables.get(name, ""))
            self.put_in += 1
            deep = depth >= _DEPTH or self.put_in > _MOST_PUT_IN
            return found if deep else self.expand(found, local, depth + 1)

        return _REFERENCE.sub(value, text) if "$" in text else text


def _line(text: str, ignored: bool, file: str, number: int) -> Line:
    bare = text.lstrip("@-+ \t")
    prefix = text[: len(text) - len(bare)]
    return Line(bare, ignored or "-" in prefix, file, number)


def find_makefile(folder: str, named: str = "") -> str:
    """The path of the Makefile that make would read in `folder`, or nothing."""
    for name in (named,) if named else NAMES:
        if os.path.isfile(os.path.join(folder, name)):
            return os.path.join(folder, name)
    return ""


def read_makefile(path: str, shown: str) -> Makefile:
    """Read the Makefile at `path`, which messages call `shown`. Raises OSError when it cannot be read."""
    makefile = Makefile(shown)
    _Reader(makefile, os.path.dirname(path)).read(path, shown)
    flags = makefile.expand(makefile.variables.get("MAKEFLAGS", ""), {}).split()
    if any(flag in ("i", "-i", "--ignore-errors") for flag in flags):
        makefile.ignored = None
    return makefile


class _Reader:
    def __init__(self, makefile: Makefile, folder: str) -> None:
        self.makefile = makefile
        self.folder = folder
        self.current: list[Rule] = []
        self.in_define = False
        self.included = 0

    def read(self, path: str, shown: str) -> None:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_LARGEST)
        self.makefile.whole = self.makefile.whole and "$(eval" not in text
        self.current = []
        for number, line in _logical_lines(text):
            self._line(line, shown, number)

    def _line(self, line: str, shown: str, number: int) -> None:
        first = line.split(None, 1)[0] if line.strip() else ""
        if self.in_define or first == "define":
            self.in_define = first != "endef"
        elif line.startswith("\t") and self.current:
            for rule in self.current:
                rule.recipe.append((shown, number, line[1:]))
        elif not first or first.startswith("#") or first in _CONDITIONAL:
            return
        elif first in ("include", "-include", "sinclude"):
            self._include(_uncommented(line).split()[1:], shown)
        else:
            self._statement(_uncommented(line), line, shown, number)

    def _statement(self, line: str, whole: str, shown: str, number: int) -> None:
        assignment = _ASSIGNMENT.fullmatch(line)
        if assignment:
            self.current = []
            _assign(self.makefile.variables, *assignment.groups())
            return
        rule = _RULE.fullmatch(line)
        if rule:
            self._rule(rule, whole, shown, number)

    def _rule(self, match: re.Match[str], whole: str, shown: str, number: int) -> None:
        names = self.makefile.expand(match.group(1), {}).split()
        rest, _, inline = match.group(3).partition(";")
        special = _ASSIGNMENT.fullmatch(rest)
        if special:
            for name in names:
                _assign(self._known(name).variables, *special.groups())
            return
        self.current = [self._known(name) for name in names]
        self._note_special(names, rest)
        for name, rule in zip(names, self.current, strict=True):
            rule.prerequisites += f" {rest}"
            if match.group(2) == ":" and name in self.makefile.rules and inline:
                rule.recipe.clear()
            if inline:
                rule.recipe.append((shown, number, whole.partition(";")[2].strip()))

    def _known(self, name: str) -> Rule:
        return self.makefile.rules.setdefault(name, Rule())

    def _note_special(self, names: list[str], rest: str) -> None:
        if ".IGNORE" in names and self.makefile.ignored is not None:
            self.makefile.ignored = self.makefile.ignored | frozenset(rest.split()) if rest.split() else None
        if ".ONESHELL" in names:
            self.makefile.one_shell = True
        if ".PHONY" in names:
            self.makefile.phony |= frozenset(self.makefile.expand(rest, {}).split())

    def _include(self, names: list[str], shown: str) -> None:
        for name in names:
            named = self.makefile.expand(name, {})
            path = os.path.join(self.folder, named)
            if not os.path.isfile(path) or self.included > _DEPTH:
                self.makefile.whole = False
                continue
            self.included += 1
            self.read(path, os.path.normpath(os.path.join(os.path.dirname(shown), named)))


def _assign(variables: dict[str, str], name: str, operator: str, value: str) -> None:
    value = value.strip().replace("\\\n", " ")
    if operator == "+=":
        variables[name] = f"{variables[name]} {value}" if variables.get(name) else value
    elif operator == "!=":
        variables[name] = f"$(shell {value})"
    elif operator != "?=" or name not in variables:
        variables[name] = value


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their number; where one goes on in the next, its backslash stays, for a recipe's shell."""
    found: list[tuple[int, str]] = []
    waiting = ""
    start = 1
    for number, line in enumerate(text.split("\n"), 1):
        start = start if waiting else number
        piece = line.removesuffix("\r")
        waiting += piece.removeprefix("\t") if waiting else piece
        if piece.endswith("\\") and not piece.endswith("\\\\"):
            waiting += "\n"
            continue
        found.append((start, waiting))
        waiting = ""
    if waiting:
        found.append((start, waiting))
    return found


def _uncommented(line: str) -> str:
    at = line.find("#")
    while at > 0 and line[at - 1] == "\\":
        at = line.find("#", at + 1)
    return (line[:at] if at >= 0 else line).replace("\\\n", " ").rstrip()
