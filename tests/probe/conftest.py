"""Throwaway projects whose pytest runs with the probe in it, in a process of its own as in a check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from readiness.run.probe_events import ProbeSummary, read
from readiness.run.probe_link import link

PYTHONS = tuple(filter(None, os.environ.get("READINESS_TEST_PYTHONS", "").split(os.pathsep)))
NEED_PYTHONS = "READINESS_TEST_PYTHONS names no interpreter; scripts/probe_interpreters.py prepares them and prints the value"

NASTY = """
import sys, unittest, warnings
import pytest

def check(value):
    assert value == 1

def test_passes(): pass

def test_fails():
    answer = {"a": 1}
    assert answer == {"a": 2}

def test_fails_in_a_helper():
    check(2)

@pytest.fixture
def broken(): raise RuntimeError("in setup")

@pytest.fixture
def breaks_later():
    yield
    raise RuntimeError("in teardown")

def test_setup_error(broken): pass
def test_teardown_error(breaks_later): pass
def test_fails_twice(breaks_later): assert 0
def test_no_such_fixture(nowhere): pass
def test_skips(): pytest.skip("not today")

@pytest.mark.skipif(True, reason="never here")
def test_skipped_by_mark(): pass

@pytest.mark.xfail(reason="known")
def test_expected(): assert 0

@pytest.mark.xfail(strict=True)
def test_strict(): pass

@pytest.mark.xfail
def test_unexpected(): pass

def test_exits(): raise SystemExit(0)
def test_warns(): warnings.warn("old")

@pytest.mark.parametrize("text", ["a b", "\\udcff", "\\u00e9", "x\\ny", "::", "[", "\\x00", "\\U0001f600"])
def test_parameter(text): pass

def test_prints():
    print("to stdout")
    sys.stderr.write("to stderr")

class TestUnit(unittest.TestCase):
    def test_equal(self): self.assertEqual(1, 2)
    def test_skip(self): self.skipTest("not this one")

    @unittest.expectedFailure
    def test_expected(self): self.assertEqual(1, 2)

    def test_parts(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertNotEqual(i, 1)
"""

NASTY_OUTCOMES = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_fails_in_a_helper": "failed",
    "test_setup_error": "error",
    "test_teardown_error": "passed",
    "test_fails_twice": "failed",
    "test_no_such_fixture": "error",
    "test_skips": "skipped",
    "test_skipped_by_mark": "skipped",
    "test_expected": "xfailed",
    "test_strict": "failed",
    "test_unexpected": "xpassed",
    "test_exits": "failed",
    "test_warns": "passed",
    "test_prints": "passed",
    "TestUnit::test_equal": "failed",
    "TestUnit::test_skip": "skipped",
    "TestUnit::test_expected": "xfailed",
    "TestUnit::test_parts": "failed",
}
"""Every test of the suite but the parametrised ones, which all pass."""

QUICK = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Hypothesis' plugin takes longer to end than these suites take to run."""


def can_import(python: str, *modules: str) -> bool:
    asked = subprocess.run([python, "-c", f"import {', '.join(modules)}"], capture_output=True, timeout=60)
    return asked.returncode == 0


@dataclass
class Probed:
    """One finished command, and what the probe left of it."""

    code: int
    output: str
    project: Path
    out: Path
    summary: ProbeSummary

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = [line for file in sorted(self.out.glob("*.jsonl")) for line in file.read_text().splitlines()]
        return [json.loads(line) for line in lines]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    @property
    def outcomes(self) -> dict[str, str]:
        """Test name within its file, to outcome."""
        return {event["id"].partition("::")[2]: event["outcome"] for event in self.of("test")}


class Project:
    """A folder of files whose commands can be run with or without the probe."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.out = root / "events"
        self.link = root / "link"
        self.started: list[subprocess.Popen[str]] = []

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def environ(self, *, probe: bool = True, **options: Any) -> dict[str, str]:
        own = ("READINESS_", "PYTEST_", "COV_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        clean["PYTHONPATH"] = ""
        if not probe:
            return clean
        return link(clean, str(self.link), str(self.out), **{"test_timeout": None, "guard": False, **options})

    def start(self, *command: str, env: dict[str, str], **keywords: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **keywords,
        )
        self.started.append(process)
        return process

    def wait(self, process: subprocess.Popen[str]) -> Probed:
        output, _ = process.communicate(timeout=120)
        return Probed(process.returncode, output, self.root, self.out, read(str(self.out), str(self.root)))

    def pytest(
        self, *arguments: str, python: str = sys.executable, probe: bool = True, **options: Any
    ) -> Probed:
        """Run pytest to its end. Capitals in `options` are environment variables, the rest go to the probe."""
        variables = {name: str(options.pop(name)) for name in [*options] if name.isupper()}
        keywords = {"preexec_fn": options.pop("preexec_fn")} if "preexec_fn" in options else {}
        env = {**self.environ(probe=probe, **options), **variables}
        words = (python, "-m", "pytest", "-q", *QUICK, *arguments)
        return self.wait(self.start(*words, env=env, **keywords))

    def shell(self, command: str, **variables: str) -> Probed:
        """Run a command line, in which `PYTEST` stands for pytest and what is always said to it."""
        command = command.replace("PYTEST ", f"{sys.executable} -m pytest -q {' '.join(QUICK)} ")
        return self.wait(self.start("/bin/sh", "-c", command, env={**self.environ(), **variables}))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Make the project from files: `project({"test_a.py": …})`."""
    made = Project(tmp_path)

    def make(files: dict[str, str]) -> Project:
        made.write(files)
        return made

    yield make
    for process in made.started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def nasty(project: Callable[..., Project]) -> Project:
    """A suite in which tests end in every way there is."""
    return project({"tests/test_nasty.py": NASTY})


@pytest.fixture(scope="session")
def nasty_run(tmp_path_factory: pytest.TempPathFactory) -> Probed:
    """That suite, run once with the probe."""
    made = Project(tmp_path_factory.mktemp("nasty"))
    made.write({"tests/test_nasty.py": NASTY})
    return made.pytest()


@pytest.fixture(scope="session")
def nasty_outcomes() -> dict[str, str]:
    return NASTY_OUTCOMES


@pytest.fixture(params=PYTHONS or [pytest.param("", marks=pytest.mark.skip(reason=NEED_PYTHONS))])
def each_python(request: pytest.FixtureRequest) -> str:
    """Every interpreter that READINESS_TEST_PYTHONS lists."""
    return str(request.param)


@pytest.fixture(scope="session")
def python_with() -> Callable[..., str]:
    """An interpreter that can import the modules named; the test is skipped where there is none."""

    def find(*modules: str) -> str:
        for python in (sys.executable, *PYTHONS):
            if can_import(python, "pytest", *modules):
                return python
        pytest.skip(f"no interpreter has {', '.join(modules)}: {NEED_PYTHONS}")

    return find
