"""What one shell remembers from command to command: options, variables, functions, folder."""

from __future__ import annotations

import os
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.config.commands.nested import Script
    from readiness.config.commands.syntax import Node


class ShellState:
    """The state of a shell that starts on `script`. `swallows_exit` is a trap that turns every end into 0."""

    __slots__ = ("cwd", "errexit", "functions", "pipefail", "swallows_exit", "variables")

    def __init__(self, script: Script) -> None:
        self.errexit: bool | None = script.errexit
        self.pipefail = script.pipefail
        self.variables = dict(script.variables)
        self.functions: dict[str, Node] = {}
        self.cwd = script.cwd
        self.swallows_exit = ""

    def copy(self) -> ShellState:
        """The state of a subshell, which changes nothing outside."""
        other = object.__new__(ShellState)
        other.errexit = self.errexit
        other.pipefail = self.pipefail
        other.variables = dict(self.variables)
        other.functions = dict(self.functions)
        other.cwd = self.cwd
        other.swallows_exit = ""
        return other

    def apply(self, words: list[str]) -> None:
        """Take over what `cd`, `set`, `export` and `trap` change."""
        if words[0] == "cd" and len(words) == 2 and "$" not in words[1]:
            self.cwd = os.path.normpath(os.path.join(self.cwd, words[1]))
        elif words[0] == "set":
            self._set(words[1:])
        elif words[0] == "export":
            self.variables.update(dict(word.split("=", 1) for word in words[1:] if "=" in word))
        elif words[0] == "trap" and "EXIT" in words[2:] and "exit 0" in words[1]:
            self.swallows_exit = f"trap '{words[1]}' EXIT"

    def _set(self, options: list[str]) -> None:
        for option, value in pairwise([*options, ""]):
            if option[:1] not in ("-", "+"):
                continue
            on = option[0] == "-"
            if option.endswith("o") and value == "pipefail":
                self.pipefail = on
            if "e" in option[1:] or (option.endswith("o") and value == "errexit"):
                self.errexit = on
