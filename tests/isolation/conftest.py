"""Suites that leak, kept as one text file each, and pytest traced in them as `readiness isolate` does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from readiness.isolation.asked import Asked
from readiness.isolation.trace import trace, traced
from readiness.isolation.verify import mend_traced
from readiness.record.finding import Report
from readiness.record.value import replace

CORPUS = Path(__file__).parent / "corpus"
PYTHONS = tuple(filter(None, os.environ.get("READINESS_TEST_PYTHONS", "").split(os.pathsep)))
OWN = ("READINESS_", "PYTEST_", "COV_")


Found = dict[tuple[str, str], set[tuple[str, str, str]]]
"""Polluter, state and place of each cause, by test and class."""


@dataclass
class Expected:
    """A test that must be found, its class, and polluter, state and place of each cause; what becomes of its patch."""

    test: str
    kind: str
    causes: list[tuple[str, str, str]] = field(default_factory=list)
    patch: tuple[str, str] | None = None
    no_patch: str = ""
    stack: str = ""


@dataclass
class Suite:
    """`expect TEST CLASS` and `cause POLLUTER | STATE | MARKER` lines, then files after `=== NAME` each.

    `stack MARKER` after them is where a test that hangs must be said to have been.
    `timeout SECONDS`, `all` and `words WORDS` are what `readiness isolate` is given, `plugin MODULE` what the interpreter
    must have.

    Then `patch SIDE | LINE`, a line that its verified diff adds, or `no patch WHY`, the start of the reason; a suite
    without either says nothing of patches. The place of a cause is the line that ends with `# MARKER`; no marker: no line is expected.
    """

    name: str
    files: dict[str, str]
    expected: list[Expected]
    words: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    plugin: str = ""

    @classmethod
    def read(cls, name: str) -> Suite:
        head, *parts = re.split(r"^=== (.+)\n", (CORPUS / f"{name}.suite").read_text(), flags=re.MULTILINE)
        suite = cls(name, dict(zip(parts[::2], parts[1::2], strict=True)), [])
        for line in head.splitlines():
            word, _, rest = line.partition(" ")
            if word == "expect":
                test, _, kind = rest.rpartition(" ")
                suite.expected.append(Expected(test, kind))
            elif word == "patch":
                side, _, added = rest.partition(" | ")
                suite.expected[-1].patch = (side, added)
            elif word == "no":
                suite.expected[-1].no_patch = rest.removeprefix("patch ")
            elif word == "stack":
                suite.expected[-1].stack = suite.place(rest)
            elif word == "timeout":
                suite.options["timeout"] = float(rest)
            elif word == "all":
                suite.options["every_test"] = True
            elif word == "words":
                suite.words = tuple(rest.split())
            elif word == "plugin":
                suite.plugin = rest
            else:
                polluter, state, marker = map(str.strip, rest.rsplit("|", 2))
                suite.expected[-1].causes.append((polluter, state, suite.place(marker)))
        return suite

    @property
    def wanted(self) -> Found:
        return {(one.test, one.kind): set(one.causes) for one in self.expected}

    @property
    def speaks_of_patches(self) -> bool:
        return any(one.patch or one.no_patch for one in self.expected)

    def place(self, marker: str) -> str:
        for name, text in self.files.items():
            for number, line in enumerate(text.splitlines(), 1):
                if marker and line.endswith(f"# {marker}"):
                    return f"{name}:{number}"
        assert not marker, f"{self.name}: no line ends with # {marker}"
        return ""

    def placed(self, folder: Path, python: str) -> Asked:
        """The suite written to `folder`, and what is asked of it."""
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        words = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *self.words)
        return Asked(python, words, str(folder), **self.options)  # type: ignore[arg-type]

    def interpreter(self, python: str) -> str:
        """`python`, or another one where only that has the plugin which the suite needs; empty where none has it."""
        return next((one for one in (python, *PYTHONS) if not self.plugin or has(one, self.plugin)), "")


def has(python: str, module: str) -> bool:
    found = subprocess.run([python, "-c", f"import {module}"], stderr=subprocess.DEVNULL, check=False)
    return found.returncode == 0


def names(prefix: str = "") -> list[str]:
    return sorted(path.stem for path in CORPUS.glob(f"{prefix}*.suite"))


@pytest.fixture
def isolate(tmp_path: Path) -> Callable[..., Report]:
    """Trace a suite: `isolate(suite, python)`."""

    def run(suite: Suite, python: str = sys.executable, *, seldom: bool = False) -> Report:
        environ = surroundings()
        for name, place in (("HOME", "home"), ("TMPDIR", "temporary")):
            (tmp_path / place).mkdir(exist_ok=True)
            environ[name] = str(tmp_path / place)
        asked = replace(suite.placed(tmp_path / "project", python), seldom=seldom)
        return trace(asked, environ, subprocess.DEVNULL)

    return run


@pytest.fixture
def mend(tmp_path: Path) -> Callable[..., Report]:
    """Trace a suite as `isolate` does, and look for patches too."""

    def run(suite: Suite, python: str = sys.executable) -> Report:
        return mended(suite, tmp_path / "project", python)

    return run


def found(report: Report) -> Found:
    return {
        (finding.test, finding.kind): {
            (cause.polluter, cause.state, cause.where if cause.exact else "") for cause in finding.causes
        }
        for finding in report.findings
    }


def mended(suite: Suite, folder: Path, python: str) -> Report:
    """What is found in a suite that is written to `folder`, with the patches."""
    asked, environ = suite.placed(folder, python), surroundings()
    known_to_git(suite, folder)
    told = traced(asked, environ, subprocess.DEVNULL)
    with_patches, _ = mend_traced(asked, told, environ, subprocess.DEVNULL, 100)
    return replace(told.report, findings=with_patches.findings)


def known_to_git(suite: Suite, folder: Path) -> None:
    if suite.name.startswith(("file", "folder")):
        # What the traced run does to files is taken back for a trial from what git has of them.
        for words in (("init", "--quiet"), ("add", "--all")):
            subprocess.run(["git", *words], cwd=folder, check=True)


def surroundings() -> dict[str, str]:
    """The environment without what belongs to the pytest that runs these tests."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    return {**environ, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def read_suite() -> Callable[[str], Suite]:
    return Suite.read


@pytest.fixture
def found_in() -> Callable[[Report], Found]:
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A few suites on this interpreter; with READINESS_TEST_PYTHONS every fourth, in turn on one of those that it names.

    READINESS_TEST_CORPUS=all: every suite on each of them, which takes a quarter of an hour.
    """
    if "corpus_name" in metafunc.fixturenames:
        pythons = PYTHONS or (sys.executable,)
        everything = os.environ.get("READINESS_TEST_CORPUS") == "all"
        chosen = [
            (name, python)
            for number, name in enumerate(names())
            for turn, python in enumerate(pythons)
            if everything
            or (PYTHONS and number % 4 == 0 and number // 4 % len(pythons) == turn)
            or (PYTHONS and turn == 0 and name.startswith("plugin"))
            or (not PYTHONS and name in QUICK)
        ]
        ids = [f"{name}-{number}" for name, number in ((name, pythons.index(p)) for name, p in chosen)]
        metafunc.parametrize(("corpus_name", "python"), chosen, ids=ids)


QUICK = frozenset(
    {
        *("class-rebound-on-module", "two-leaks-each-enough", "two-leaks-both-needed", "event-loop-unset"),
        *(
            "victim-broken-by-itself-too",
            "broken-alone",
            "clean-session-fixture-on-purpose",
            "setup-class-of-unittest",
        ),
    }
)
