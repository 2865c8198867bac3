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


@dataclass
class Expected:
    """A test that must be found, its class, and polluter, state and place of each cause; what becomes of its patch."""

    test: str
    kind: str
    causes: list[tuple[str, str, str]] = field(default_factory=list)
    patch: tuple[str, str] | None = None
    no_patch: str = ""


@dataclass
class Suite:
    """`expect TEST CLASS` and `cause POLLUTER | STATE | MARKER` lines, then files after `=== NAME` each.

    Then `patch SIDE | LINE`, a line that its verified diff adds, or `no patch WHY`, the start of the reason; a suite
    without either says nothing of patches. The place of a cause is the line that ends with `# MARKER`; no marker: no line is expected.
    """

    name: str
    files: dict[str, str]
    expected: list[Expected]

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
            else:
                polluter, state, marker = map(str.strip, rest.rsplit("|", 2))
                suite.expected[-1].causes.append((polluter, state, suite.place(marker)))
        return suite

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

    def write(self, folder: Path) -> None:
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)


def names(prefix: str = "") -> list[str]:
    return sorted(path.stem for path in CORPUS.glob(f"{prefix}*.suite"))


@pytest.fixture
def isolate(tmp_path: Path) -> Callable[..., Report]:
    """Trace a suite: `isolate(suite, python)`; further words go to pytest."""

    def run(suite: Suite, python: str = sys.executable, *words: str, **options: object) -> Report:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        suite.write(folder)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for name, place in (("HOME", "home"), ("TMPDIR", "temporary")):
            (tmp_path / place).mkdir(exist_ok=True)
            environ[name] = str(tmp_path / place)
        arguments = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *words)
        asked = Asked(python, arguments, str(folder), **options)  # type: ignore[arg-type]
        return trace(asked, environ, subprocess.DEVNULL)

    return run


@pytest.fixture
def mend(tmp_path: Path) -> Callable[..., Report]:
    """Trace a suite as `isolate` does, and look for patches too."""

    def run(suite: Suite, python: str = sys.executable) -> Report:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        suite.write(folder)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        environ["PYTHONDONTWRITEBYTECODE"] = "1"
        if suite.name.startswith(("file", "folder")):
            # What the traced run does to files is taken back for a trial from what git has of them.
            for words in (("init", "--quiet"), ("add", "--all")):
                subprocess.run(["git", *words], cwd=folder, check=True)
        asked = Asked(python, ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"), str(folder))
        told = traced(asked, environ, subprocess.DEVNULL)
        mended, _ = mend_traced(asked, told, environ, subprocess.DEVNULL, 100)
        return replace(told.report, findings=mended.findings)

    return run


@pytest.fixture
def read_suite() -> Callable[[str], Suite]:
    return Suite.read


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
