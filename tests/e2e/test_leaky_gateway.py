"""The sample project's story, word by word as its README tells it: red, understood, mended, READY.

The commands and the changes are those of the README, so that what a reader types is what is tested.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/leaky-gateway"
POLLUTER = "tests/smoke/test_agent_proxy_headers_and_errors.py"
VICTIM = "tests/smoke/test_agent_proxy_validation_errors.py"
OWN = (
    *("READINESS_", "PYTEST_", "STRICT_READY", "ND_REAL", "OPENAI_", "OLLAMA_", "GITHUB_", "CI"),
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS"),  # of the make that runs these tests
)


@dataclass
class Story:
    """What each command of the README came to, in order, and the findings of the red run."""

    root: Path
    environ: dict[str, str]
    ran: list[subprocess.CompletedProcess[str]] = field(default_factory=list)
    findings: dict = field(default_factory=dict)
    document: str = ""
    left: int = 0
    """How many pieces of evidence were opened while the red run was the last one."""

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, shell=True, cwd=self.root, env=self.environ, capture_output=True, text=True, timeout=300
        )
        self.ran.append(done)
        return done

    def section(self, number: int) -> str:
        """A section of the document, as it is read."""
        return re.split(r"(?m)^## ", self.document)[number]


def commands(readme: str) -> list[str]:
    return re.findall(r"(?m)^    \$ (.*)$", readme)


def changes(readme: str) -> list[str]:
    return re.findall(r"(?s)```diff\n(.*?)```", readme)


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> Story:
    root = tmp_path_factory.mktemp("gateway") / "leaky-gateway"
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, tracked.stdout.split("\0")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLE / name, root / name)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    environ |= {"VIRTUAL_ENV": sys.prefix, "PATH": f"{sys.prefix}/bin:{environ['PATH']}"}
    for who in ("AUTHOR", "COMMITTER"):
        environ |= {f"GIT_{who}_NAME": "t", f"GIT_{who}_EMAIL": "t@example.invalid"}
    told = Story(root, environ)
    _live_through(told, (EXAMPLE / "README.md").read_text())
    return told


def _live_through(told: Story, readme: str) -> None:
    ready, red, review, isolate, deploy = commands(readme)
    rename, settings = changes(readme)
    commit = "git add -A && git commit -qm"
    told.type(f"git init -q && {commit} 'The gateway as it was found'")
    told.type(ready)
    _apply(told, rename)
    told.type(f"{commit} 'Give the second code_loop_python a name of its own'")
    told.type(red)
    told.type(review)
    told.document = (told.root / "FINDINGS.md").read_text()
    told.findings = json.loads(told.type("readiness review --json").stdout)
    told.type(isolate)
    _apply(told, settings)
    told.type(f"{commit} 'Undo what tests change, and let CI ask the real model'")
    told.type(deploy)


def _apply(told: Story, change: str) -> None:
    subprocess.run(["git", "apply", "-"], input=change, cwd=told.root, text=True, check=True)


def line(path: str, holds: str) -> int:
    """Where a piece of the example stands, as it was when the gate was red."""
    lines = (EXAMPLE / path).read_text().splitlines()
    return next(number for number, text in enumerate(lines, 1) if holds in text)


def test_1_a_name_that_stands_twice_is_refused_with_both_places(story):
    first, second = line("readiness.yml", "name: code_loop_python"), 30
    assert "Error 2" in story.ran[1].stderr
    assert (
        f'readiness.yml:{second}:11: the check name "code_loop_python" is used twice, first at readiness.yml:{first}:11'
        in story.ran[1].stderr
    )
    assert story.ran[1].stderr.splitlines()[0] in (EXAMPLE / "README.md").read_text()


def test_2_the_gate_is_red(story):
    assert "Error 1" in story.ran[3].stderr
    assert "NOT READY  all_smokes_core: failed: 2 of 5 tests failed" in story.ran[3].stdout


def test_3_the_findings_are_written(story):
    assert (story.ran[4].returncode, story.ran[4].stdout) == (0, "NOT READY: FINDINGS.md\n")
    titles = re.findall(r"(?m)^## (.*)$", story.document)
    assert titles == [
        *(
            "1. Regression snapshot",
            "2. Root cause",
            "3. Proposed fix",
            "4. Lane status",
            "5. Notes",
            "6. Next steps",
        ),
        "Not looked at",
    ]


def test_section_1_the_regression(story):
    said = story.section(1)
    assert "STRICT_READY=1 readiness run --gate dev" in said
    at = line(VICTIM, 'recorded == {"X-Env"')
    assert f"The first failing test is `{VICTIM}::test_agent_proxy_headers_precedence`" in said
    assert f"`{VICTIM}:{at}`" in said
    assert "AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}" in said


def test_section_2_the_root_cause(story):
    said = story.section(2)
    assert f"`{VICTIM}::test_agent_proxy_headers_precedence`: cause class `leak`" in said
    write = line(POLLUTER, "ap_mod.HttpToolsInvoker =")
    above = line(POLLUTER, "ap_mod.choose_model =")
    first = line(POLLUTER, "def test_agent_proxy_reports_the_error_of_a_tool")
    assert f"`{POLLUTER}::test_agent_proxy_reports_the_error_of_a_tool` leaves" in said
    assert (
        "`leaky_gateway.agent_proxy.HttpToolsInvoker` changed, from `class leaky_gateway.tools.HttpToolsInvoker`"
        in said
    )
    assert f"written at `{POLLUTER}:{write}`" in said
    assert f"[{POLLUTER}:{first}-" in said
    assert f">{write}      ap_mod.HttpToolsInvoker = _FakeInvoker" in said
    assert "`leaky_gateway.agent_proxy.choose_model` changed" in said
    assert f"written at `{POLLUTER}:{above}`" in said
    assert "blob `" in said
    assert "How it was proved: run again in copies of the failed process" in said


def test_section_3_the_fix(story):
    said = story.section(3)
    assert "The guard to add: `isolation: strict` on `all_smokes_core` (now `trace`)" in said
    assert '+    monkeypatch.setattr(ap_mod, "HttpToolsInvoker", _FakeInvoker)' in said
    assert "-    ap_mod.HttpToolsInvoker = _FakeInvoker" in said
    assert re.search(
        r"Verified: `.*pytest .*` was run in a copy of the project with the change: 5 tests", said
    )


def test_section_4_the_lanes(story):
    said = story.section(4)
    ci, gate = line(".github/workflows/ci.yml", "make ready"), line("readiness.yml", "dev: {lanes")
    nd, make = line("readiness.yml", "smokes_nd_real"), line("Makefile", "readiness run")
    assert (
        "Lane `core`: NOT READY. It ran against no network, proved: failed: `all_smokes_core`, `all_smokes`"
        in said
    )
    assert "Lane `nd`: NOT RUN; no run on record reached it." in said
    assert f"No CI job reaches lane `nd`, so nothing watches `smokes_nd_real` (`readiness.yml:{nd}`)" in said
    assert f"`.github/workflows/ci.yml:{ci}` runs gate dev by `Makefile:{make}`, which has core alone" in said
    assert f"[readiness.yml:{gate}](readiness.yml#L{gate} " in said
    first = story.type("git rev-list --max-parents=0 HEAD").stdout[:12]
    assert f"It has been so since commit `{first}`" in said


def test_section_5_the_notes(story):
    said = story.section(5)
    toothless = line("Makefile", "|| true")
    assert f"Lint, warning `toothless-command` at `Makefile:{toothless}`" in said
    assert "`code_loop_python_again` runs the same command as `code_loop_python` (readiness.yml:14)" in said
    assert "every test of `all_smokes` is also run by `all_smokes_core` (readiness.yml:8)" in said
    assert "Holds: what `test_agent_proxy_headers_precedence` demands is right with" in said
    assert "`class leaky_gateway.tools.HttpToolsInvoker` in place: run so, it passes." in said


def test_section_6_the_next_steps(story):
    steps = [(one["command"], one["decides"]) for one in story.findings["steps"]]
    assert steps[:2] == [
        ("readiness isolate --apply -- -q tests/smoke", True),
        ("STRICT_READY=1 readiness run --gate dev", True),
    ]
    assert not any(decides for _, decides in steps[2:])
    assert "readiness run --lane nd" in [command for command, _ in steps]
    assert steps[0][0] in commands((EXAMPLE / "README.md").read_text())


def test_every_statement_of_the_red_run_links_to_evidence(story, open_all_evidence):
    """The tree is mended by now: it is put back as the red run saw it, whose files the links are to."""
    head = story.type("git rev-parse HEAD").stdout.strip()
    try:
        assert story.type("git checkout -q HEAD~1").returncode == 0
        assert open_all_evidence(story.root, story.findings, story.document) > 50
    finally:
        story.type(f"git checkout -q {head}")


def test_4_the_leaks_are_mended(story):
    assert story.ran[6].returncode == 1, story.ran[6].stderr
    mended = (story.root / POLLUTER).read_text()
    assert 'monkeypatch.setattr(ap_mod, "HttpToolsInvoker", _FakeInvoker)' in mended
    assert 'monkeypatch.setattr(ap_mod, "choose_model", _fixed_model)' in mended


def test_6_it_is_ready_and_the_real_model_was_asked(story, open_all_evidence):
    deploy = story.ran[8]
    assert deploy.returncode == 0, deploy.stdout + deploy.stderr
    assert "lanes    core READY · nd READY" in deploy.stdout
    report = json.loads((story.root / ".readiness/latest/report.json").read_text())
    nd = next(one for one in report["checks"] if one["name"] == "smokes_nd_real")
    assert (report["verdict"], nd["outcome"], nd["ran_against"]) == ("READY", "passed", "real")
    assert nd["calls"]["counted"] >= 3
    assert story.type("readiness lint --strict").stdout == "nothing found\n"
    document = story.type("readiness review --output -").stdout
    assert document.startswith("# Findings: READY\n")
    assert "`smokes_nd_real` was answered by smollm2:135m" in document
    assert "CI reaches lane `nd`: `.github/workflows/ci.yml:19` runs gate deploy." in document
    assert (
        open_all_evidence(story.root, json.loads(story.type("readiness review --json").stdout), document) > 10
    )
