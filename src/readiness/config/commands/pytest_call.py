"""What a pytest command line asks for: which targets, and what narrows them.

Source: pytest 9 command-line reference, and the options of pytest-cov, pytest-xdist, pytest-timeout,
pytest-rerunfailures and pytest-asyncio that take a value.
"""

from __future__ import annotations

import os

from readiness.config.commands.call import POWERLESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.commands.call import Call, Loss

_LONG_WITH_VALUE: Final = (
    *("--rootdir", "--confcutdir", "--basetemp", "--config-file", "--override-ini", "--pythonwarnings"),
    *("--junitxml", "--junit-xml", "--junitprefix", "--junit-prefix", "--html", "--import-mode"),
    *("--ignore", "--ignore-glob", "--deselect", "--lfnf", "--last-failed-no-failures", "--maxfail"),
    *("--tb", "--color", "--capture", "--show-capture", "--verbosity", "--code-highlight"),
    *("--durations", "--durations-min", "--doctest-glob", "--doctest-report"),
    *("--log-level", "--log-cli-level", "--log-file", "--log-file-level", "--log-format"),
    *("--cov-report", "--cov-config", "--cov-fail-under", "--asyncio-mode"),
    *("--timeout", "--timeout-method", "--session-timeout", "--reruns", "--reruns-delay", "--count"),
    *("--numprocesses", "--maxprocesses", "--dist"),
)
_SHORT_WITH_VALUE: Final = frozenset("kmpcoWnr")
_NARROWING: Final = ("--deselect", "--ignore", "--ignore-glob")
_NARROWING_FLAGS: Final = ("--lf", "--last-failed", "--sw", "--stepwise", "--nf")


class PytestCall:
    """One pytest run of a command.

    `targets` are relative to the project's root, with `::` and what follows kept; empty when none is named,
    and pytest then takes `testpaths`, or `cwd`. With `pyargs` they are module names. `keyword` and
    `marker` are the expressions of `-k` and `-m`; `narrowed_by` the other options that leave tests out.
    `runs_tests` is False under `--collect-only` and the like. `loss` says where its failure is lost, or
    is None.
    """

    __slots__ = (
        *("cwd", "env", "file", "keyword", "line", "loss", "marker", "narrowed_by", "pyargs"),
        *("runs_tests", "settings", "targets"),
    )

    def __init__(self, call: Call) -> None:
        self.cwd = call.cwd
        self.env = call.env
        self.file = call.file
        self.line = call.line
        self.loss: Loss | None = call.loss
        self.runs_tests = call.loss is None or call.loss.kind != POWERLESS
        self.keyword = ""
        self.marker = ""
        self.narrowed_by: tuple[str, ...] = ()
        self.settings: tuple[str, ...] = ()
        """The options that change what is run or how it is judged, in order; not how it is shown."""
        self.pyargs = False
        self.targets: tuple[str, ...] = ()
        self._read(call.words[1:])

    @property
    def narrowed(self) -> tuple[str, str, tuple[str, ...]]:
        """All that leaves tests out; two runs with equal values leave out the same."""
        return self.keyword, self.marker, self.narrowed_by

    def _read(self, words: tuple[str, ...]) -> None:
        at = 0
        names: list[str] = []
        while at < len(words):
            word = words[at]
            following = words[at + 1] if at + 1 < len(words) else ""
            if word == "--":
                names += words[at + 1 :]
                break
            if not word.startswith("-") or word == "-":
                names.append(word)
            elif word.startswith("--"):
                at += self._long(word, following)
            else:
                at += self._short(word[1:], following)
            at += 1
        self.targets = tuple(name if self.pyargs else _target(self.cwd, name) for name in names)

    def _long(self, word: str, following: str) -> int:
        """Take a `--option`; 1 when it took the next word as its value."""
        name, equals, value = word.partition("=")
        takes = not equals and (name in _LONG_WITH_VALUE or _optional_value(name, following))
        value = following if takes else value
        if name in _NARROWING:
            self.narrowed_by += (f"{name}={value}",)
        elif name in _NARROWING_FLAGS:
            self.narrowed_by += (name,)
        elif name == "--pyargs":
            self.pyargs = True
        elif name not in _SHOWS_ONLY:
            self.settings += (f"{name}={value}" if equals or takes else name,)
        return int(takes)

    def _short(self, letters: str, following: str) -> int:
        """Take `-qx`, `-k expression` or `-n4`; 1 when it took the next word as its value."""
        for number, letter in enumerate(letters):
            if letter not in _SHORT_WITH_VALUE:
                continue
            attached = letters[number + 1 :].removeprefix("=")
            self._value(letter, attached or following)
            return int(not attached)
        return 0

    def _value(self, letter: str, value: str) -> None:
        if letter == "k":
            self.keyword = value
        elif letter == "m":
            self.marker = value
        elif letter in "pcoW":
            self.settings += (f"-{letter} {value}",)


_SHOWS_ONLY: Final = (
    *("--tb", "--color", "--capture", "--show-capture", "--verbosity", "--verbose", "--quiet"),
    *("--no-header", "--no-summary", "--showlocals", "--full-trace", "--code-highlight"),
    *("--durations", "--durations-min", "--junitxml", "--junit-xml", "--html", "--cov-report"),
    *("--exitfirst", "--maxfail", "--numprocesses", "--ff", "--failed-first"),
)


def _optional_value(name: str, following: str) -> bool:
    """`--cov` takes the next word when it is no option; told from a target by having no test in its name."""
    return name == "--cov" and bool(following) and not following.startswith("-") and "test" not in following


def _target(cwd: str, name: str) -> str:
    path, separator, inside = name.partition("::")
    return os.path.normpath(os.path.join(cwd, path)) + separator + inside


def is_pytest(call: Call) -> bool:
    return call.words[:1] == ("pytest",)
