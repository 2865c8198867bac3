"""What is known of programs by name: wrappers around others, those that cannot fail, those that judge."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SHELLS: Final = frozenset(("sh", "bash", "dash", "zsh", "ksh"))
MAKES: Final = frozenset(("make", "gmake"))
NODE_RUNNERS: Final = frozenset(("npm", "pnpm", "yarn"))
TESTS: Final = frozenset(("[", "test", "[[", "(("))

CANNOT_FAIL: Final = frozenset(
    ("true", ":", "echo", "printf", "set", "export", "unset", "shopt", "trap", "alias", "umask", "date")
)
CANNOT_FAIL_AS_FILTER: Final = frozenset(
    ("tee", "cat", "head", "tail", "sed", "sort", "uniq", "tr", "less", "more", "ts", "awk", "cut", "wc")
)
"""Programs that, at the end of a pipeline, end well whatever is written into them."""

_JUDGES: Final = (
    *("pytest", "unittest", "tox", "nox", "behave", "robot", "ctest", "bats", "readiness"),
    *("jest", "vitest", "mocha", "playwright"),
    *("ruff", "flake8", "pylint", "bandit", "black", "isort", "codespell", "pre-commit", "pip-audit"),
    *("mypy", "pyright", "pyrefly", "ty", "tsc", "eslint", "shellcheck", "yamllint"),
)
_JUDGES_BY_SUBCOMMAND: Final = {
    "go": ("test", "vet"),
    "cargo": ("test", "clippy", "nextest"),
    "npm": ("test", "t"),
    "pnpm": ("test", "t"),
    "yarn": ("test",),
    "dotnet": ("test",),
    "mvn": ("test", "verify"),
    "gradle": ("test", "check"),
    "django-admin": ("test", "check"),
}
_POWERLESS: Final = {
    "pytest": (
        *("--collect-only", "--co", "--collectonly", "--setup-plan", "--fixtures", "--funcargs"),
        *("--fixtures-per-test", "--markers", "--cache-show", "--help", "-h", "--version", "-V"),
    ),
    "make": ("-n", "--just-print", "--dry-run", "--recon", "-t", "--touch"),
    "tox": ("--notest", "--listenvs", "-l", "list"),
    "nox": ("--list", "-l"),
    "ctest": ("-N", "--show-only"),
    "ruff": ("--exit-zero",),
    "flake8": ("--exit-zero",),
    "pylint": ("--exit-zero",),
    "bandit": ("--exit-zero",),
}
_CODE_RUNNERS: Final = frozenset(("python", "node", "deno", "bun", "ruby", "perl", *NODE_RUNNERS))

# Wrapper: its subcommand, how many arguments come before the program, and options that take a value.
_WRAPPERS: Final[dict[str, tuple[str, int, tuple[str, ...]]]] = {
    "env": ("", 0, ("-u", "--unset", "-C", "--chdir")),
    "time": ("", 0, ("-f", "-o")),
    "nohup": ("", 0, ()),
    "exec": ("", 0, ("-a",)),
    "command": ("", 0, ()),
    "builtin": ("", 0, ()),
    "nice": ("", 0, ("-n",)),
    "ionice": ("", 0, ("-c", "-n")),
    "stdbuf": ("", 0, ("-i", "-o", "-e")),
    "timeout": ("", 1, ("-s", "-k", "--signal", "--kill-after")),
    "sudo": ("", 0, ("-u", "-g")),
    "xvfb-run": ("", 0, ("-n", "-s", "-e", "-f")),
    "unbuffer": ("", 0, ()),
    "ddtrace-run": ("", 0, ()),
    "opentelemetry-instrument": ("", 0, ()),
    "uv": ("run", 0, ("--with", "--extra", "--group", "--python", "-p", "--project", "--env-file")),
    "uvx": ("", 0, ("--with", "--from", "--python", "-p")),
    "poetry": ("run", 0, ("-C", "--directory")),
    "pipenv": ("run", 0, ()),
    "pdm": ("run", 0, ("-p", "--project")),
    "rye": ("run", 0, ()),
    "hatch": ("run", 0, ("-e", "--env")),
    "conda": ("run", 0, ("-n", "--name", "-p", "--prefix")),
    "micromamba": ("run", 0, ("-n", "--name", "-p", "--prefix")),
    "dotenv": ("run", 0, ("-f", "--file")),
    "doppler": ("run", 0, ("-p", "-c")),
    "coverage": ("run", 0, ("--rcfile", "--source", "--include", "--omit", "--context", "--data-file")),
}
_MODULE_RUNNERS: Final = ("coverage", "uv")
_PYTHON_VALUE_OPTIONS: Final = ("-W", "-X", "--check-hash-based-pycs")


def is_assignment(word: str) -> bool:
    """True for `NAME=value` and `NAME+=value`."""
    name, equals, _ = word.partition("=")
    return bool(equals) and name.removesuffix("+").isidentifier() and name.isascii()


def program(word: str) -> str:
    """The name a program is known by: no folder, `python` for every Python, `pytest` for `py.test`."""
    name = word.rpartition("/")[2]
    if name.startswith(("python", "pypy")) and _is_version(name.removeprefix("python").removeprefix("pypy")):
        return "python"
    return "pytest" if name == "py.test" else name


def _is_version(text: str) -> bool:
    return not text or text.replace(".", "").isdigit()


def unwrapped(words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The variables that wrappers set, and the program they start with its arguments.

    `env A=1 timeout 60 uv run python -m pytest -q` comes to `A=1` and `pytest -q`. The program keeps its
    folder (`./smoke.sh`), except where it is known by name.
    """
    env: list[tuple[str, str]] = []
    while words:
        name = program(words[0])
        inner = _python_module(words) if name == "python" else _wrapped(name, words, env)
        if inner is None:
            return env, [name, *words[1:]] if name in _KNOWN else words
        words = inner
    return env, words


_KNOWN: Final = frozenset((*_JUDGES, *_CODE_RUNNERS, *MAKES, *SHELLS, *_JUDGES_BY_SUBCOMMAND))


def _wrapped(name: str, words: list[str], env: list[tuple[str, str]]) -> list[str] | None:
    """What the wrapper `name` starts, or None when it is no wrapper or starts nothing."""
    if name not in _WRAPPERS or (name == "command" and words[1:2] in (["-v"], ["-V"])):
        return None
    subcommand, arguments, with_value = _WRAPPERS[name]
    rest = words[1:]
    if subcommand:
        if subcommand not in rest:
            return None
        rest = rest[rest.index(subcommand) + 1 :]
    at = _past_options(rest, with_value, name) + arguments
    while name == "env" and at < len(rest) and "=" in rest[at]:
        variable, _, value = rest[at].partition("=")
        env.append((variable, value))
        at += 1
    if rest[at : at + 1] == ["-m"]:
        return rest[at + 1 :] or None
    return ["python", *rest[at:]] if name == "coverage" and rest[at:] else rest[at:] or None


def _past_options(words: list[str], with_value: tuple[str, ...], name: str) -> int:
    at = 0
    while at < len(words) and words[at].startswith("-") and len(words[at]) > 1:
        if words[at] == "--":
            return at + 1
        if words[at] == "-m" and name in _MODULE_RUNNERS:
            return at
        at += 2 if words[at] in with_value else 1
    return min(at, len(words))


def _python_module(words: list[str]) -> list[str] | None:
    """`pytest -q` for `python -X dev -m pytest -q`; None when no module is run."""
    at = 1
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "-c"):
        option = words[at]
        if option == "-m":
            return words[at + 1 :] or None
        if not option.startswith("--") and option.endswith("m") and option[1:-1].isalpha():
            return words[at + 1 :] or None
        if option == "-c":
            return None
        at += 2 if option in _PYTHON_VALUE_OPTIONS else 1
    return None


def can_fail(words: tuple[str, ...]) -> bool:
    """Whether a program, taken by itself, can end with a status other than 0."""
    if not words or words[0] in CANNOT_FAIL:
        return False
    return not (words[0] == "wait" and len(words) == 1)


def is_judge(words: tuple[str, ...]) -> bool:
    """True for test runners, type checkers and linters: what a check is there for."""
    if not words:
        return False
    if words[0] in _JUDGES:
        return True
    return len(words) > 1 and words[1] in _JUDGES_BY_SUBCOMMAND.get(words[0], ())


def may_judge(words: tuple[str, ...]) -> bool:
    """True for what can be a check of the project's own: a Python or node program, a script by its path."""
    return bool(words) and (words[0] in _CODE_RUNNERS or "/" in words[0] or is_judge(words))


def powerless_option(words: tuple[str, ...]) -> str:
    """The option that keeps a program from judging anything (`--collect-only`, `--exit-zero`), or nothing."""
    options = _POWERLESS.get(words[0], ()) if words else ()
    before_dashes = words[: words.index("--")] if "--" in words else words
    return next((word for word in before_dashes[1:] if word in options), "")
