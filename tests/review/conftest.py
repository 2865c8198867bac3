"""A run as the field report tells it, in memory: its record, and the files, lines and commits that it rests on."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from readiness.cli.main import main
from readiness.gate.cause_class import LastPass
from readiness.record.finding import Cause, Finding, LeftOver, Patch
from readiness.record.outcome import LaneVerdict, Outcome, RanAgainst, Verdict
from readiness.record.record import Header, LaneStatus, LeftOut, Provenance, Record, Switch
from readiness.record.result import CheckResult, Counts, Failure, LintFinding
from readiness.report.json_report import to_json
from readiness.review.sources import CiRun, Committed, SourceFile, Sources

RUN = "20260928T091500Z-3f9a"
POLLUTER = "tests/test_errors.py::test_errors"
VICTIM = "tests/test_headers.py::test_precedence"
DIFF = """--- a/tests/test_errors.py
+++ b/tests/test_errors.py
@@ -4,3 +4,3 @@
-def test_errors():
-    proxy.Invoker = Fake
+def test_errors(monkeypatch):
+    monkeypatch.setattr(proxy, "Invoker", Fake)
     assert proxy.Invoker().headers() == {}
"""
FILES = {
    "tests/test_errors.py": "import proxy\n\n\ndef test_errors():\n    proxy.Invoker = Fake\n    assert True\n",
    "tests/test_headers.py": "import proxy\n\n\ndef test_precedence():\n    seen = proxy.call()\n"
    "    assert seen == {'X-Env': 'B'}\n",
    "readiness.yml": "version: 2\ngates:\n  dev: {lanes: [core]}\nchecks:\n  - name: smokes\n    lane: core\n"
    "    run: pytest tests\n    isolation: trace\n  - name: smokes_nd\n    lane: nd\n    run: pytest nd\n",
    ".github/workflows/ci.yml": "jobs:\n  ready:\n    steps:\n      - run: readiness run\n",
}


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def review(capsys, monkeypatch) -> Callable[..., Said]:
    """`readiness review` in a project, typed there; in this process, which saves half a second each time."""

    def run(project: Any, *words: str, **environ: str) -> Said:
        with monkeypatch.context() as patched:
            patched.chdir(project.root)
            for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "READINESS_HISTORY"):
                patched.delenv(name, raising=False)
            for name, text in environ.items():
                patched.setenv(name, text)
            capsys.readouterr()
            code = main(["review", *words])
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return run


# The records of tests/report, which hold everything that can come from outside.
_spec = importlib.util.spec_from_file_location(
    "readiness_records", Path(__file__).parents[1] / "report/conftest.py"
)
_records = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_records)


@pytest.fixture(scope="session")
def any_record() -> Callable[[st.DataObject], Record]:
    """Any record, of hostile text."""
    return lambda data: data.draw(_records.record)


def sources_of(record: Record, **more: Any) -> Sources:
    """What a record is told from, when every event of it stands in the journal."""
    names = [("run_started", ""), *(("check_finished", one.name) for one in record.checks)]
    return Sources(
        folder=f".readiness/runs/{RUN}",
        journal={one: line for line, one in enumerate(names, 1)},
        report=tuple(to_json(record).splitlines()),
        **more,
    )


@pytest.fixture(scope="session")
def rest_on() -> Callable[..., Sources]:
    return sources_of


@pytest.fixture(scope="session")
def patch() -> Patch:
    return Patch(DIFF, verified=True, command="python -m pytest tests", mended=(VICTIM,), tests=2)


@pytest.fixture(scope="session")
def finding() -> Finding:
    cause = Cause(
        POLLUTER,
        "proxy.Invoker",
        "class proxy.Invoker",
        "class test_errors.Fake",
        "tests/test_errors.py:5",
        "forked",
    )
    return Finding(VICTIM, "victim", "AssertionError: assert {} == {'X-Env': 'B'}", (cause,))


@pytest.fixture(scope="session")
def smokes(finding) -> CheckResult:
    return CheckResult(
        name="smokes",
        lane="core",
        outcome=Outcome.FAILED,
        required=True,
        reason=f"1 of 2 tests failed: {VICTIM}",
        counts=Counts(collected=2, passed=1, failed=1),
        ran_against=RanAgainst.HERMETIC,
        command="pytest tests",
        exit_code=1,
        log=f".readiness/runs/{RUN}/logs/smokes.log",
        failures=(
            Failure(
                VICTIM,
                "call",
                "failure",
                f"victim of {POLLUTER}: AssertionError: assert {{}} == {{'X-Env': 'B'}}",
                "tests/test_headers.py:6",
                details=">   assert seen == {'X-Env': 'B'}\nE   AssertionError: assert {} == {'X-Env': 'B'}\n",
            ),
        ),
        findings=(finding,),
        left_over=(
            LeftOver(POLLUTER, "proxy.Invoker"),
            LeftOver(POLLUTER, "proxy.LOG", "tests/test_errors.py:6"),
        ),
        place="readiness.yml:5:5",
    )


@pytest.fixture(scope="session")
def red(smokes) -> Record:
    header = Header(
        run_id=RUN,
        started_at="2026-09-28T09:15:00Z",
        argv=("readiness", "run"),
        gate="dev",
        lanes=("core",),
        strict=True,
        config_path="readiness.yml",
        config_sha256="9f" * 32,
        readiness_version="0.1.0",
        provenance=Provenance("3f9a1c07e5d2b84f6a90c3e17d5b28f4a1b2c3d4", "main"),
        switches=(Switch("STRICT_READY", "1", "environment"),),
        left_out=(LeftOut("smokes_nd", "nd", "gate dev does not need lane nd"),),
        interpreter_version="3.12.1",
    )
    lint = LintFinding(
        "duplicate-command", "warning", "readiness.yml:11", "`b` runs what `a` runs (readiness.yml:7)", "x"
    )
    return Record(
        header=header,
        verdict=Verdict.NOT_READY,
        exit_code=1,
        lanes={
            "core": LaneStatus(LaneVerdict.NOT_READY, 0.0, RUN, "2026-09-28T09:15:00Z", "NOT READY"),
            "nd": LaneStatus(LaneVerdict.NOT_RUN),
        },
        checks=(smokes,),
        reasons=("smokes: failed: 1 of 2 tests failed",),
        lint=(lint,),
        finished_at="2026-09-28T09:16:00Z",
    )


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """What was read beside the record of `red`."""
    return {
        "files": {path: SourceFile(tuple(text.splitlines()), "ab" * 20) for path, text in FILES.items()},
        "now": {path: SourceFile(tuple(text.splitlines()), "ab" * 20) for path, text in FILES.items()},
        "logs": {
            f".readiness/runs/{RUN}/logs/smokes.log": ("F", "E   AssertionError: assert {} == {'X-Env': 'B'}")
        },
        "ci_files": (".github/workflows/ci.yml",),
        "ci_runs": (CiRun(".github/workflows/ci.yml:4", "gate dev", ("core",), "", "readiness.yml:3"),),
        "lanes": {"core": ("smokes", "readiness.yml:5"), "nd": ("smokes_nd", "readiness.yml:9")},
        "blame": {
            ".github/workflows/ci.yml:4": Committed("c1" * 20, "2026-01-02", 1767312000),
            "readiness.yml:3": Committed("c1" * 20, "2026-01-02", 1767312000),
            "readiness.yml:9": Committed("c2" * 20, "2026-03-04", 1772582400),
        },
        "isolate": {"smokes": "tests"},
        "isolation": {"smokes": "trace", "smokes_nd": "off"},
        "run_places": {"smokes": "readiness.yml:7"},
        "last_pass": {("smokes", ""): LastPass("20260927T080000Z-aaaa", "d4" * 20, same_code=False)},
    }
