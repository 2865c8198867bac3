"""A throwaway project with the real `readiness` command run in it, as a user would."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

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
    # Plugins that lie in this environment by chance are a quarter of what a small pytest run costs.
    inherited["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
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


LINK = re.compile(
    r'\]\((?P<path>[^)\s]+)#L(?P<first>\d+)(?:-L(?P<last>\d+))?(?: "blob (?P<blob>[0-9a-f]{40})")?\)'
)


def _lines_of(path: Path, blob: str | None) -> list[str]:
    data = path.read_bytes()
    if blob:
        found = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        assert found == blob, f"{path} is not the file that is cited: {found}, not {blob}"
    return data.decode(errors="replace").removesuffix("\n").split("\n")


def _shown_by(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout


def _open(root: Path, evidence: dict[str, Any]) -> None:
    """Open one piece of evidence, and see that what it says stands there."""
    if evidence["kind"] == "commit":
        assert _shown_by(root, "cat-file", "-t", evidence["path"]).strip() == "commit"
        return
    if evidence["gone"]:
        lines = _shown_by(root, "cat-file", "blob", evidence["blob"]).split("\n")
    else:
        lines = _lines_of(root / evidence["path"], evidence["blob"] or None)
    assert 1 <= evidence["first"] <= evidence["last"] <= len(lines), evidence
    cited = "\n".join(lines[evidence["first"] - 1 : evidence["last"]])
    assert evidence["text"], evidence
    assert evidence["text"] in cited, evidence


@pytest.fixture
def open_all_evidence() -> Callable[[Path, dict[str, Any], str], int]:
    """Open every piece of evidence of a findings document, as JSON and as Markdown at the project's root.

    How many there were. Fails at the first that is not there, is another file's, or does not say what is claimed.
    """

    def check(root: Path, findings: dict[str, Any], document: str) -> int:
        sections = [one for section in findings["sections"] for one in section["statements"]]
        told = [findings["summary"], *sections, *findings["unseen"], *findings["steps"]]
        evidence = [one for statement in told for one in statement["evidence"]]
        assert all(statement["evidence"] for statement in told)
        for one in evidence:
            _open(root, one)
        links = [*LINK.finditer(document)]
        known = {(one["path"], one["first"], one["last"]) for one in evidence}
        for link in links:
            path, first, last = unquote(link["path"]), int(link["first"]), int(link["last"] or link["first"])
            assert last <= len(_lines_of(root / path, link["blob"])), link[0]
            assert (path, first, last) in known, link[0]
        assert len(links) >= len([one for one in evidence if one["kind"] != "commit" and not one["gone"]])
        return len(links)

    return check
