"""Records to render: any that can exist, and one that reads like the field report this project starts from."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

from readiness.record.finding import CLASSES, Cause, Finding, LeftOver, Patch
from readiness.record.outcome import LANES, LaneVerdict, Outcome, RanAgainst, Verdict
from readiness.record.record import Header, LaneStatus, LeftOut, Planned, Provenance, Record, Switch
from readiness.record.result import CheckResult, Counts, Failure, LintFinding, ServiceResult, Skip
from readiness.record.trials import CheckTrials, TestTrials
from readiness.record.value import field_names, replace

HOSTILE = [
    "", "a|b", "`code`", "``", "<script>alert(1)</script>", "<!--", "line\nbreak", "\r\n", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07",
    "\u202eevil\u2066", "**bold**", "[link](http://x)", "# heading", "1. list", "- item", "::error::x", "%0A", "a,b:c", "\\", "\\|",
    "]]>", "&amp;", "\x00\x0b\ufffe", "\udce9", "漢字テスト", "e\u0301", "a" * 500, "$PATH $(rm)", "it's", "| --- |", "```\nfence", "a\u2028b\x85c\x1cd",
]  # fmt: skip
"""Text from outside at its worst."""

text = st.one_of(st.text(st.characters(exclude_categories=()), max_size=30), st.text(max_size=8))
seconds = st.floats(0, 1e7, allow_nan=False)
DIFF = """--- a/tests/test_a.py
+++ b/tests/test_a.py
@@ -7,3 +7,3 @@
-def test_polluter():
-\tproxy.Invoker = Fake
+def test_polluter(monkeypatch):
+\tmonkeypatch.setattr(proxy, "Invoker", Fake)
 \tassert proxy.Invoker().headers() == {}
"""


def tried(hostile: str, verdict: str, log_e: float) -> CheckTrials:
    """A test judged by trials, named and explained from outside."""
    one = TestTrials(hostile, verdict, hostile, 0.95, 0.8, 0.05, 0.05, note=hostile)
    one = replace(one, passes=3, fails=9, capacity=4, best="READY", worst="NOT READY", log_e=log_e)
    return CheckTrials((replace(one, path="PFF"), one), alpha=0.05, beta=0.05, problem=hostile)


class Maker(NamedTuple):
    """Makes records of texts and times that Hypothesis drew; a random state that it drew says what goes where.

    To draw each of the several hundred fields takes ten times as long as to render the record.
    """

    random: Random
    texts: list[str]
    times: list[float]
    most: int
    """Nothing of a record is there more often than this: so a record that fails gets smaller."""

    def text(self, *likely: str) -> str:
        """Any text, or with even chances one of `likely`."""
        if likely and self.flag():
            return self.random.choice(likely)
        return self.random.choice(HOSTILE if self.random.random() < 1 / 3 else self.texts)

    def one_of(self, *these: Any) -> Any:
        return self.random.choice(these)

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def number(self, most: int = 10**6) -> int:
        return self.random.choice([0, 1, most, self.random.randint(0, most)])

    def seconds(self) -> float:
        return self.random.choice(self.times)

    def several(self, make: Callable[[], Any], most: int = 3) -> tuple[Any, ...]:
        return tuple(make() for _ in range(self.random.randint(0, min(most, self.most))))

    def words(self) -> tuple[str, ...]:
        return self.several(self.text)

    def table(self, key: Callable[[], Any], entry: Callable[[], Any]) -> dict[Any, Any]:
        return {key(): entry() for _ in self.several(self.flag)}

    def all_text(self, kind: type, /, **others: Any) -> Any:
        """A value of `kind` with any text in each field but those of `others`."""
        return kind(**{name: self.text() for name in field_names(kind) if name not in others} | others)

    def failure(self) -> Failure:
        return self.all_text(
            Failure,
            test=self.text("tests/test_a.py::test_a", "tests/test_a.py::test_a sub"),
            phase=self.one_of("collect", "setup", "call", "teardown", "command"),
            kind=self.one_of("failure", "error", "timeout", "swallowed"),
            where=self.text("tests/test_a.py:12"),
        )

    def cause(self) -> Cause:
        return self.all_text(
            Cause,
            where=self.text("tests/test_a.py:8"),
            proof=self.text("forked", "fresh"),
            exact=self.flag(),
            put_back=self.flag(),
            set=self.number(2),
            stack=self.words(),
            lets_pass=self.flag(),
        )

    def patch(self) -> Patch:
        return Patch(
            diff=self.text(DIFF, "+x\n" * 9000),
            side=self.text("polluter", "fixture", "victim", "guard"),
            verified=self.flag(),
            command=self.text(),
            mended=self.words(),
            tests=self.number(),
        )

    def finding(self) -> Finding:
        return Finding(
            test=self.text("tests/test_a.py::test_a"),
            kind=self.text(*CLASSES) or "victim",
            error=self.text(),
            causes=self.several(self.cause, 6),
            notes=self.words(),
            patch=self.one_of(None, self.patch()),
            no_patch=self.text(),
        )

    def trials(self) -> CheckTrials | None:
        hostile = self.one_of(None, *HOSTILE)
        return hostile and tried(hostile, *self.one_of(("READY", 1e5), ("INCONCLUSIVE", -1.0)))

    def calls(self) -> dict[str, Any]:
        told = {
            "calls": self.number(),
            "counted": self.number(),
            "errors": self.table(self.text, self.number),
        }
        return {name: count for name, count in told.items() if self.flag()}

    def check(self) -> CheckResult:
        return CheckResult(
            trials=self.trials(),
            name=self.text(),
            lane=self.one_of(*LANES, "core"),
            outcome=self.one_of(*Outcome),
            required=self.flag(),
            reason=self.text(),
            counts=Counts(**{name: self.number(50) for name in field_names(Counts)}),
            seconds=self.seconds(),
            ran_against=self.one_of(*RanAgainst),
            command=self.text(),
            exit_code=self.one_of(None, self.random.randint(-15, 255)),
            log=self.text(),
            failures=self.several(self.failure),
            failures_left_out=self.number(),
            findings=self.several(self.finding),
            left_over=self.several(lambda: self.all_text(LeftOver)),
            skips=self.several(lambda: self.all_text(Skip)),
            skips_left_out=self.number(),
            warnings=self.words(),
            slowest=self.several(lambda: (self.text(), self.seconds())),
            survivors=self.words(),
            last_output=self.text(),
            cached_from=self.text(),
            place=self.text(),
            env_added=self.words(),
            cause=self.text(),
            model=self.table(
                lambda: self.one_of("name", "digest", "quantisation", "server", "why"), self.text
            ),
            calls=self.calls(),
        )

    def lane(self) -> LaneStatus:
        return LaneStatus(
            verdict=self.one_of(*LaneVerdict),
            age=self.one_of(None, self.seconds()),
            last_run=self.text(),
            last_at=self.text(),
            last_verdict=self.text(),
        )

    def switch(self) -> Switch:
        return Switch(self.text(), self.text(), self.one_of("flag", "environment", "file"))

    def header(self) -> Header:
        return self.all_text(
            Header,
            **dict.fromkeys(("argv", "expect"), self.words()),
            **dict.fromkeys(("strict", "fail_on_skip", "timeouts"), self.flag()),
            lanes=self.several(lambda: self.one_of(*LANES)),
            provenance=self.all_text(Provenance, dirty_files=self.number()),
            switches=self.several(self.switch),
            planned=self.several(lambda: self.all_text(Planned, required=self.flag())),
            left_out=self.several(lambda: self.all_text(LeftOut)),
            packages=self.table(self.text, self.text),
        )

    def lint(self) -> LintFinding:
        severity = self.one_of("error", "warning", "note")
        return self.all_text(LintFinding, severity=severity, where=self.text("readiness.yml:3:5"))

    def service(self) -> ServiceResult:
        return ServiceResult(
            name=self.text(),
            state=self.one_of("ready", "failed", "stopped"),
            reason=self.text(),
            port=self.number(),
            seconds_to_ready=self.seconds(),
            log=self.text(),
            stand_in=self.flag(),
            survivors=self.words(),
        )

    def record(self) -> Record:
        return Record(
            header=self.header(),
            verdict=self.one_of(*Verdict),
            exit_code=self.number(255),
            lanes=self.table(lambda: self.one_of(*LANES), self.lane),
            checks=self.several(self.check, 4),
            reasons=self.words(),
            notes=self.words(),
            services=self.several(self.service, 2),
            lint=self.several(self.lint),
            interrupted=self.one_of("", self.text()),
            finished_at=self.text(),
            seconds=self.seconds(),
            resumed=self.number(3),
            problems=self.words(),
        )


maker = st.builds(
    Maker,
    random=st.randoms(use_true_random=True),
    texts=st.lists(text, min_size=1, max_size=24),
    times=st.lists(seconds, min_size=1, max_size=5),
    most=st.sampled_from((0, 1, *[6] * 8)),
)
record = maker.map(Maker.record)
check = maker.map(Maker.check)
header = maker.map(Maker.header)


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
