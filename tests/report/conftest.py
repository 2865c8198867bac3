"""Records to render: any that can exist, and one that reads like the field report this project starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from readiness.record.finding import CLASSES, Cause, Finding, LeftOver, Patch
from readiness.record.outcome import LANES, LaneVerdict, Outcome, RanAgainst, Verdict
from readiness.record.record import Header, LaneStatus, LeftOut, Planned, Provenance, Record, Switch
from readiness.record.result import CheckResult, Counts, Failure, LintFinding, ServiceResult, Skip
from readiness.record.trials import CheckTrials, TestTrials
from readiness.record.value import replace

HOSTILE = [
    "", "a|b", "`code`", "``", "<script>alert(1)</script>", "<!--", "line\nbreak", "\r\n", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07",
    "\u202eevil\u2066", "**bold**", "[link](http://x)", "# heading", "1. list", "- item", "::error::x", "%0A", "a,b:c", "\\", "\\|",
    "]]>", "&amp;", "\x00\x0b\ufffe", "\udce9", "漢字テスト", "e\u0301", "a" * 500, "$PATH $(rm)", "it's", "| --- |", "```\nfence",
]  # fmt: skip
"""Text from outside at its worst."""

text = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=()), max_size=30), st.text(max_size=8)
)
safe_text = st.text(max_size=12)
number = st.integers(0, 10**6)
seconds = st.floats(0, 1e7, allow_nan=False)
texts = st.lists(text, max_size=3).map(tuple)
flag = st.booleans()


def several(one: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=most).map(tuple)


counts = st.builds(Counts, **{name: st.integers(0, 50) for name in Counts.__match_args__})
failure = st.builds(
    Failure,
    test=st.one_of(text, st.just("tests/test_a.py::test_a"), st.just("tests/test_a.py::test_a sub")),
    phase=st.sampled_from(["collect", "setup", "call", "teardown", "command"]),
    kind=st.sampled_from(["failure", "error", "timeout", "swallowed"]),
    message=text,
    where=st.one_of(text, st.just("tests/test_a.py:12")),
    blob=text,
    details=text,
)
DIFF = """--- a/tests/test_a.py
+++ b/tests/test_a.py
@@ -7,3 +7,3 @@
-def test_polluter():
-\tproxy.Invoker = Fake
+def test_polluter(monkeypatch):
+\tmonkeypatch.setattr(proxy, "Invoker", Fake)
 \tassert proxy.Invoker().headers() == {}
"""
test_id = st.one_of(text, st.just("tests/test_a.py::test_a"))
cause = st.builds(
    Cause,
    **dict.fromkeys(("polluter", "state", "before", "after", "kind", "scope", "during"), text),
    where=st.one_of(text, st.just("tests/test_a.py:8")),
    proof=st.one_of(st.sampled_from(["forked", "fresh"]), text),
    exact=flag,
    put_back=flag,
    set=st.integers(0, 2),
    stack=texts,
)
patch = st.builds(
    Patch,
    diff=st.one_of(text, st.just(DIFF), st.just("+x\n" * 9000)),
    side=st.one_of(text, st.sampled_from(["polluter", "fixture", "victim", "guard"])),
    verified=flag,
    command=text,
    mended=texts,
    tests=number,
)
finding = st.builds(
    Finding,
    test=test_id,
    kind=st.one_of(st.sampled_from(sorted(CLASSES)), text.filter(bool)),
    error=text,
    causes=several(cause, 6),
    notes=texts,
    patch=st.one_of(st.none(), patch),
    no_patch=text,
)
skip = st.builds(Skip, test=text, reason=text, where=text)


def tried(hostile: str, verdict: str, log_e: float) -> CheckTrials:
    """A test judged by trials, named and explained from outside."""
    one = TestTrials(hostile, verdict, hostile, 0.95, 0.8, 0.05, 0.05, note=hostile)
    one = replace(one, passes=3, fails=9, capacity=4, best="READY", worst="NOT READY", log_e=log_e)
    return CheckTrials((replace(one, path="PFF"), one), alpha=0.05, beta=0.05, problem=hostile)


trials = st.sampled_from(
    [
        None,
        *(tried(one, word, log) for one in HOSTILE for word, log in (("READY", 1e5), ("INCONCLUSIVE", -1.0))),
    ]
)
check = st.builds(
    CheckResult,
    trials=trials,
    name=text,
    lane=st.sampled_from([*LANES, "core"]),
    outcome=st.sampled_from(Outcome),
    required=flag,
    reason=text,
    counts=counts,
    seconds=seconds,
    ran_against=st.sampled_from(RanAgainst),
    command=text,
    exit_code=st.one_of(st.none(), st.integers(-15, 255)),
    log=text,
    failures=several(failure),
    failures_left_out=number,
    findings=several(finding),
    left_over=several(st.builds(LeftOver, by=text, state=text, where=text)),
    skips=several(skip),
    skips_left_out=number,
    warnings=texts,
    slowest=several(st.tuples(text, seconds)),
    survivors=texts,
    last_output=text,
    cached_from=text,
    place=text,
    env_added=texts,
    cause=text,
    model=st.dictionaries(st.sampled_from(["name", "digest", "quantisation", "server", "why"]), text),
    calls=st.fixed_dictionaries(
        {}, optional={"calls": number, "counted": number, "errors": st.dictionaries(text, number, max_size=2)}
    ),
)
lane = st.builds(
    LaneStatus,
    verdict=st.sampled_from(LaneVerdict),
    age=st.one_of(st.none(), seconds),
    last_run=text,
    last_at=text,
    last_verdict=text,
)
header = st.builds(
    Header,
    run_id=text,
    started_at=text,
    argv=texts,
    gate=text,
    lanes=several(st.sampled_from(LANES)),
    strict=flag,
    config_path=text,
    config_sha256=text,
    readiness_version=text,
    provenance=st.builds(
        Provenance, commit=text, branch=text, dirty_digest=text, dirty_files=number, note=text
    ),
    switches=several(
        st.builds(Switch, name=text, value=text, source=st.sampled_from(["flag", "environment", "file"]))
    ),
    planned=several(
        st.builds(Planned, name=text, lane=text, required=flag, why=text, command=text, place=text)
    ),
    left_out=several(st.builds(LeftOut, name=text, lane=text, why=text)),
    interpreter=text,
    interpreter_version=text,
    packages=st.dictionaries(text, text, max_size=2),
    host=text,
    platform=text,
)
lint = st.builds(
    LintFinding,
    rule=text,
    severity=st.sampled_from(["error", "warning", "note"]),
    where=st.one_of(text, st.just("readiness.yml:3:5")),
    message=text,
    advice=text,
)
service = st.builds(
    ServiceResult,
    name=text,
    state=st.sampled_from(["ready", "failed", "stopped"]),
    reason=text,
    port=number,
    seconds_to_ready=seconds,
    log=text,
    stand_in=flag,
    survivors=texts,
)
record = st.builds(
    Record,
    header=header,
    verdict=st.sampled_from(Verdict),
    exit_code=st.integers(0, 255),
    lanes=st.dictionaries(st.sampled_from(LANES), lane),
    checks=several(check, 4),
    reasons=texts,
    notes=texts,
    services=several(service, 2),
    lint=several(lint),
    interrupted=st.one_of(st.just(""), text),
    finished_at=text,
    seconds=seconds,
    resumed=st.integers(0, 3),
    problems=texts,
)


Draw = Callable[[st.DataObject], Any]
"""Draws one value; a function, since Hypothesis would write out a whole strategy in every message."""


@pytest.fixture(scope="session")
def any_record() -> Draw:
    """Any record, of hostile text."""
    return lambda data: data.draw(record)


@pytest.fixture(scope="session")
def any_check() -> Draw:
    return lambda data: data.draw(check)


@pytest.fixture(scope="session")
def any_header() -> Draw:
    return lambda data: data.draw(header)


RUN = "20260928T091500Z-3f9a"
POLLUTER = "tests/smoke_optional/test_agent_proxy_headers_and_errors.py"
FIX = f"""--- a/{POLLUTER}
+++ b/{POLLUTER}
@@ -43,5 +43,5 @@
-def test_errors():
+def test_errors(monkeypatch):
     class _FakeInvoker:
         recorded = {{}}
 
-    agent_proxy.HttpToolsInvoker = _FakeInvoker
+    monkeypatch.setattr(agent_proxy, "HttpToolsInvoker", _FakeInvoker)
"""
PRECEDENCE = "tests/smoke_optional/test_agent_proxy_validation_errors.py::test_agent_proxy_headers_precedence"


@pytest.fixture(scope="session")
def seed() -> Record:
    """A strict deploy gate: a required check with one failing test, a lane that did not run, an optional check
    without its key."""
    return Record(
        header=Header(
            run_id=RUN,
            started_at="2026-09-28T09:15:00Z",
            argv=("readiness", "run", "--gate", "deploy"),
            gate="deploy",
            lanes=("core", "nd"),
            strict=True,
            config_path="readiness.yml",
            config_sha256="9f" * 32,
            readiness_version="0.1.0",
            provenance=Provenance("3f9a1c07e5d2b84f6a90c3e17d5b28f4a1b2c3d4", "main", "ab" * 32, 2),
            switches=(Switch("STRICT_READY", "1", "environment"), Switch("gate", "deploy", "flag")),
            left_out=(
                LeftOut("openai_live", "live", "lane live is not in gate deploy; --lane live runs it"),
            ),
            interpreter=".venv/bin/python",
            interpreter_version="3.12.1",
            packages={"pytest": "9.0.1", "fastapi": "0.120.0"},
            host="ci-7",
            platform="Linux 6.8 x86_64",
        ),
        verdict=Verdict.NOT_READY,
        exit_code=1,
        lanes={
            "core": LaneStatus(LaneVerdict.NOT_READY, 0.0, RUN, "2026-09-28T09:15:00Z", "NOT READY"),
            "nd": LaneStatus(
                LaneVerdict.NOT_RUN, 259200.0, "20260925T091200Z-77aa", "2026-09-25T09:12:00Z", "READY"
            ),
            "live": LaneStatus(LaneVerdict.NOT_RUN),
        },
        checks=(
            CheckResult(
                name="all_smokes_core",
                lane="core",
                outcome=Outcome.FAILED,
                required=True,
                reason=f"1 of 42 tests failed: {PRECEDENCE}",
                counts=Counts(collected=43, passed=41, failed=1, skipped=1),
                seconds=3.42,
                ran_against=RanAgainst.HERMETIC,
                command="pytest tests/smoke_optional",
                exit_code=1,
                log=f".readiness/runs/{RUN}/logs/all_smokes_core.log",
                network="namespace",
                started_at="2026-09-28T09:15:01Z",
                failures=(
                    Failure(
                        test=PRECEDENCE,
                        phase="call",
                        kind="failure",
                        message="AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}",
                        where="tests/smoke_optional/test_agent_proxy_validation_errors.py:52",
                        blob="5f3c9e1d",
                        details="    assert recorded == {'X-Env': 'B', 'X-Req': 'C'}\n"
                        "E   AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}",
                    ),
                ),
                findings=(
                    Finding(
                        PRECEDENCE,
                        "victim",
                        "AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}",
                        (
                            Cause(
                                f"{POLLUTER}::test_errors",
                                "agent_proxy.HttpToolsInvoker",
                                "class agent_proxy.HttpToolsInvoker",
                                "class test_agent_proxy_headers_and_errors._FakeInvoker",
                                f"{POLLUTER}:47",
                                "forked",
                            ),
                        ),
                        patch=Patch(FIX, "polluter", True, "pytest tests/smoke_optional", (PRECEDENCE,), 42),
                    ),
                ),
                left_over=(LeftOver(f"{POLLUTER}::test_errors", "agent_proxy.HttpToolsInvoker"),),
                skips=(Skip("tests/smoke_optional/test_docker.py::test_image", "no docker here", ""),),
                place="readiness.yml:14:5",
            ),
            CheckResult(
                name="code_loop_python",
                lane="core",
                outcome=Outcome.PASSED,
                required=True,
                reason="7 tests passed",
                counts=Counts(collected=7, passed=7),
                seconds=0.81,
                ran_against=RanAgainst.HERMETIC,
                command="pytest tests/code_loop",
                log=f".readiness/runs/{RUN}/logs/code_loop_python.log",
            ),
            CheckResult(
                name="smokes_nd_real",
                lane="nd",
                outcome=Outcome.NOT_RUN,
                required=True,
                reason="service model: not ready after 60 s",
                command="pytest tests/nd",
            ),
            CheckResult(
                name="shim_docs",
                lane="core",
                outcome=Outcome.HOLLOW,
                required=False,
                reason="all 3 tests skipped",
                counts=Counts(collected=3, skipped=3),
                seconds=0.4,
                ran_against=RanAgainst.HERMETIC,
                command="pytest tests/docs",
                log=f".readiness/runs/{RUN}/logs/shim_docs.log",
            ),
        ),
        reasons=(
            f"all_smokes_core: failed: 1 of 42 tests failed: {PRECEDENCE}",
            "smokes_nd_real: not_run: service model: not ready after 60 s",
        ),
        notes=("shim_docs (optional): hollow: all 3 tests skipped",),
        services=(
            ServiceResult(
                "model", "failed", "not ready after 60 s", 41873, 0.0, f".readiness/runs/{RUN}/logs/model.log"
            ),
        ),
        lint=(
            LintFinding(
                "duplicate-command",
                "warning",
                "readiness.yml:31:5",
                "all_smokes runs nothing that all_smokes_core does not run",
                "remove all_smokes",
            ),
        ),
        finished_at="2026-09-28T09:16:12Z",
        seconds=72.4,
    )


@pytest.fixture(scope="session")
def ready(seed: Record) -> Record:
    """The same project once it is as it should be."""
    check = seed.checks[1]
    return Record(
        header=seed.header,
        verdict=Verdict.READY,
        exit_code=0,
        lanes={
            "core": LaneStatus(LaneVerdict.READY, 0.0),
            "nd": seed.lanes["nd"],
            "live": seed.lanes["live"],
        },
        checks=(check,),
        reasons=("1 required check passed",),
        finished_at=seed.finished_at,
        seconds=0.9,
    )
