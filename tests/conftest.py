"""A throwaway project with the real `readiness` command run in it, as a user would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# How fast examples are made says how busy the machine is, and nothing of the code. Each run makes other examples, so
# few of them in every run find what many in one run find; READINESS_EXAMPLES asks for more.
hypothesis.settings.register_profile(
    "readiness",
    deadline=None,
    max_examples=int(os.environ.get("READINESS_EXAMPLES", "40")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("readiness")

OWN_SWITCHES = (
    "STRICT_READY",
    "LIVE_PROVIDERS",
    "ND_REAL",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "CI",
    "VIRTUAL_ENV",
)


@dataclass
class Ran:
    """One finished `readiness` process."""

    code: int
    out: str
    err: str
    project: Project

    @property
    def report(self) -> dict[str, Any]:
        return json.loads((self.project.root / ".readiness/latest/report.json").read_text())

    def check(self, name: str) -> dict[str, Any]:
        return next(one for one in self.report["checks"] if one["name"] == name)


@dataclass
class Project:
    """A folder with files in it, and the environment that `readiness` gets there."""

    root: Path
    environ: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """Start `readiness` and do not wait."""
        process = subprocess.Popen(
            [sys.executable, "-m", "readiness", *words],
            cwd=self.root,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def wait(self, process: subprocess.Popen[str], timeout: float = 60) -> Ran:
        out, err = process.communicate(timeout=timeout)
        return Ran(process.returncode, out, err, self)

    def readiness(self, *words: str, **environ: str) -> Ran:
        """Run `readiness` to its end."""
        return self.wait(self.start(*words, **environ))

    def run(self, *words: str, **environ: str) -> Ran:
        return self.readiness("run", *words, **environ)

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *words], cwd=self.root, check=True, capture_output=True)

    def commit(self) -> None:
        if not (self.root / ".git").exists():
            self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")


@pytest.fixture
def make_project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Make a project from files: `make_project({"readiness.yml": …})`. The python of the tests is its interpreter."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in OWN_SWITCHES and not name.startswith(("READINESS_", "PYTEST_"))
    }
    inherited["VIRTUAL_ENV"] = sys.prefix
    made: list[Project] = []

    def make(files: dict[str, str], *, name: str = "project", git: bool = False) -> Project:
        project = Project(tmp_path / name, dict(inherited))
        project.root.mkdir(parents=True, exist_ok=True)
        made.append(project)
        project.write(files)
        if git:
            project.commit()
        return project

    yield make
    for project in made:
        for process in project.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.communicate()


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    """Call until it answers with something true, or fail after `timeout` seconds."""

    def wait(ask: Callable[[], Any], timeout: float = 20.0) -> Any:
        limit = time.monotonic() + timeout
        while time.monotonic() < limit:
            if answer := ask():
                return answer
            time.sleep(0.02)
        raise AssertionError(f"{ask} never became true")

    return wait
