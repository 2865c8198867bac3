"""Reading a shell command without a shell: words, the first of which must be an allowed program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence

DEFAULT_PROGRAMS = (
    "cat",
    "comm",
    "cp",
    "cut",
    "date",
    "diff",
    "echo",
    "expr",
    "false",
    "grep",
    "head",
    "ls",
    "mkdir",
    "mv",
    "paste",
    "printf",
    "pwd",
    "python",
    "python3",
    "rm",
    "rmdir",
    "seq",
    "sha256sum",
    "sort",
    "stat",
    "tail",
    "touch",
    "tr",
    "true",
    "uniq",
    "wc",
)
"""Programs that read, write and compare; none of them is a shell."""

PYTHON_NAMES = ("python", "python3")
PROGRAM_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z")


class CommandError(ValueError):
    """The command is refused; the message says why, for the model."""


def words_of(command: str, allowed: Collection[str]) -> Sequence[str]:
    """The words of `command` by POSIX quoting (shlex). Nothing is expanded: `;`, `|`, `>`, `*`, `$` are plain characters.

    Raises CommandError for an empty command, an open quote, a NUL, or a first word that is no allowed program.
    """
    if "\0" in command:
        raise CommandError("a command cannot hold a NUL character")
    try:
        words = shlex.split(command)
    except ValueError as fault:
        raise CommandError(f"the command cannot be split into words: {fault}") from fault
    if not words:
        raise CommandError("the command is empty")
    if words[0] not in allowed:
        raise CommandError(refusal(words[0], allowed))
    return words


def refusal(program: str, allowed: Collection[str]) -> str:
    kind = "a path as program is refused" if "/" in program else "not an allowed program"
    return f"{program[:80]!r}: {kind}; allowed: {', '.join(sorted(allowed))}; no shell interprets the command"


def check_names(programs: Collection[str]) -> None:
    """Raises ValueError for a name on an allow-list that is no plain program name."""
    for name in programs:
        if not PROGRAM_NAME.match(name):
            raise ValueError(f"{name!r} is no name of a program; an allow-list holds names, not paths")
