"""Reading the shell commands of checks: what they run, with which variables, and whether they can fail.

Nothing is executed. `trace` reads a command with the make targets, shell scripts and npm scripts of the
project that it calls. A command of plain words, as most are, is read without loading the shell's grammar.
"""

from __future__ import annotations

from readiness.config.commands.call import POWERLESS, Call, Loss, Trace
from readiness.config.commands.programs import (
    MAKES,
    NODE_RUNNERS,
    SHELLS,
    can_fail,
    is_assignment,
    powerless_option,
    unwrapped,
)
from readiness.config.commands.pytest_call import PytestCall, is_pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.commands.nested import Project

__all__ = [
    "Call",
    "CommandReader",
    "Loss",
    "PytestCall",
    "Trace",
    "env_prefix",
    "normal_form",
    "of_pytest",
    "pytest_calls",
    "trace",
]

_GRAMMAR: Final = frozenset("|&;<>()$`\\\"'\n#{}")
_GRAMMAR_IN_DOUBLE: Final = frozenset("$`\\")
_RESERVED: Final = frozenset(
    ("!", "[", "[[", "if", "for", "while", "until", "case", "cd", "exit", "test", "set", "export", "trap")
)
"""First words that mean something for the commands after them, or to the reader of the grammar."""


class CommandReader:
    """Reads the commands of one project; each Makefile is read once."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._project: Project | None = None

    def trace(self, command: str, cwd: str = ".", *, file: str = "", line: int = 1) -> Trace:
        """Read `command`, which stands at `file:line` and runs in the folder `cwd`, relative to the root."""
        plain = _plain_chain(command, cwd, file, line)
        if plain is not None:
            return plain
        from readiness.config.commands.nested import Project, Script
        from readiness.config.commands.status import follow

        self._project = self._project or Project(self.root)
        return follow(Script(command, file, line, cwd, f"{file}:{line}"), self._project)


def trace(command: str, root: str, cwd: str = ".", *, file: str = "", line: int = 1) -> Trace:
    """Read one command of the project at `root`; for several, keep a `CommandReader`."""
    return CommandReader(root).trace(command, cwd, file=file, line=line)


def _plain_chain(command: str, cwd: str, file: str, line: int) -> Trace | None:
    """The trace of plain commands joined by `&&`, whose failures all get through; None for any other command."""
    parts = [_plain(part, cwd, file, line) for part in command.split("&&")]
    traces = [part for part in parts if part is not None]
    if len(traces) < len(parts):
        return None
    calls = tuple(call for one in traces for call in one.calls)
    return Trace(calls, any(one.can_fail for one in traces))


def _plain_words(command: str) -> list[str] | None:
    """The words of a command without grammar: blanks, and quotes around whole words. None for any other."""
    if _GRAMMAR.isdisjoint(command):
        return command.split()
    words: list[str] = []
    while command := command.strip(" "):
        quote = command[0]
        if quote in "'\"":
            word, closed, command = command[1:].partition(quote)
            kept = _GRAMMAR_IN_DOUBLE if quote == '"' else frozenset()
            if not closed or not kept.isdisjoint(word) or command[:1].strip():
                return None
        else:
            word, _, command = command.partition(" ")
            if not _GRAMMAR.isdisjoint(word) or "\t" in word:
                return None
        words.append(word)
    return words


def _plain(command: str, cwd: str, file: str, line: int) -> Trace | None:
    """The trace of words that start one program; None when what it starts must be read as well."""
    words = _plain_words(command) or []
    env: list[tuple[str, str]] = []
    while words and is_assignment(words[0]):
        name, _, value = words.pop(0).partition("=")
        env.append((name, value))
    more, inner = unwrapped(words)
    if not inner or inner[0] in _RESERVED or _starts_script(inner[0]):
        return None
    call = Call(tuple(inner), env=(*env, *more), cwd=cwd, file=file, line=line, source=command.strip())
    option = powerless_option(call.words)
    if option:
        call.loss = Loss(POWERLESS, f"`{option}` keeps it from judging anything", file, line)
    return Trace((call,), can_fail(call.words) and not option)


def _starts_script(word: str) -> bool:
    return word in SHELLS or word in MAKES or word in NODE_RUNNERS or "/" in word


def pytest_calls(command: str, root: str, cwd: str = ".") -> tuple[PytestCall, ...]:
    """Every pytest that `command` starts, by itself or through make, scripts and wrappers, in order.

    Empty when there is none: such a command leaves no test records. What is started by a program that
    cannot be read (tox, a Python script) is not seen.
    """
    return of_pytest(trace(command, root, cwd))


def of_pytest(read: Trace) -> tuple[PytestCall, ...]:
    """The pytest runs among the calls of a command."""
    return tuple(PytestCall(call) for call in read.calls if is_pytest(call))


def env_prefix(command: str) -> dict[str, str]:
    """The variables set before the command's first word: `{"ND_REAL": "1"}` for `ND_REAL=1 pytest`."""
    if "=" not in command:
        return {}
    from readiness.config.commands.expansion import expand
    from readiness.config.commands.tokens import OPERATOR, tokens

    found: dict[str, str] = {}
    for token in tokens(command):
        if token.kind is OPERATOR or not is_assignment(token.text):
            break
        name, _, value = token.text.partition("=")
        found[name.removesuffix("+")] = "".join(expand([value], {}))
    return found


def normal_form(command: str) -> str:
    """One spelling for commands that do the same.

    It evens out blanks, quotes, `python -m pytest`, the activation of an environment, and options that
    only change what is shown. Variables set before the first word are left out; compare `env_prefix`.
    """
    from readiness.config.commands.normal import normalised

    return normalised(command)
