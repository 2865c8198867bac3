"""The record is what the journal says, also when it ends in the middle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.gate.fold import JournalError, fold
from readiness.record.finding import Finding, Patch
from readiness.record.outcome import LaneVerdict, Outcome, Verdict
from readiness.record.record import Header, Planned
from readiness.record.result import CheckResult
from readiness.record.value import as_json, replace

NAMES = ("a", "b", "c")


def header() -> dict:
    return Header(
        run_id="r1",
        started_at="2026-01-01T00:00:00Z",
        argv=("readiness", "run"),
        gate="dev",
        lanes=("core",),
        strict=False,
        config_path="readiness.yml",
        config_sha256="0",
        readiness_version="0",
        planned=tuple(Planned(name, "core", True, "gate dev needs lane core") for name in NAMES),
    ).to_json()


def finished(name: str, outcome: Outcome = Outcome.PASSED) -> dict:
    result = CheckResult(name, "core", outcome, True, "because")
    return {"event": "check_finished", "at": 1.0, "result": as_json(result)}


STARTED = {"event": "run_started", "at": 0.0, "header": header(), "lint": [], "lanes_before": {}}
ENDED = {"event": "run_finished", "at": 2.0, "finished_at": "2026-01-01T00:00:02Z", "interrupted": ""}


def test_a_whole_run():
    record = fold([STARTED, *map(finished, NAMES), ENDED])
    assert (record.verdict, record.exit_code, record.interrupted, record.seconds) == (
        Verdict.READY,
        0,
        "",
        2.0,
    )


def test_a_killed_run_says_so_and_keeps_what_was_finished():
    record = fold(
        [STARTED, finished("a"), {"event": "check_started", "at": 1.5, "name": "b", "log": "b.log"}]
    )
    assert record.verdict is Verdict.INCONCLUSIVE
    assert record.interrupted.startswith("killed")
    assert [one.outcome for one in record.checks] == [
        Outcome.PASSED,
        Outcome.INTERRUPTED,
        Outcome.INTERRUPTED,
    ]
    assert record.by_name["b"].log == "b.log"


@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_an_interrupted_run_ends_with_the_code_of_its_signal(signal, code):
    record = fold([STARTED, finished("a"), {**ENDED, "interrupted": signal}])
    assert (record.exit_code, record.verdict) == (code, Verdict.INCONCLUSIVE)


def test_a_resumed_run_replaces_what_was_interrupted():
    events = [STARTED, finished("a"), finished("b", Outcome.INTERRUPTED), {**ENDED, "interrupted": "SIGINT"}]
    events += [{"event": "run_resumed", "at": 2.0}, finished("b"), finished("c"), ENDED]
    record = fold(events)
    assert (record.verdict, record.resumed) == (Verdict.READY, 1)


def test_a_lane_that_did_not_run_carries_its_age():
    before = {"nd": {"run_id": "r0", "at": "2025-12-31T00:00:00Z", "verdict": "READY", "age": 86400.0}}
    record = fold([{**STARTED, "lanes_before": before}, *map(finished, NAMES), ENDED])
    assert record.lanes["nd"].verdict is LaneVerdict.NOT_RUN
    assert (record.lanes["nd"].age, record.lanes["nd"].last_verdict) == (86400.0, "READY")
    assert record.lanes["live"].age is None


def test_no_journal_of_a_run_is_refused():
    with pytest.raises(JournalError, match="run_started"):
        fold([ENDED])


@given(st.permutations(NAMES), st.integers(0, 3), st.integers(1, 3))
def test_an_outcome_is_never_lost_or_doubled_by_repetition(order, cut, times):
    events = [STARTED, *(finished(name) for name in order[:cut] for _ in range(times))]
    record = fold(events)
    assert [one.name for one in record.checks] == list(NAMES)
    done = {one.name for one in record.checks if one.outcome is Outcome.PASSED}
    assert done == set(order[:cut])


def test_patches_reach_the_findings_of_their_check():
    result = replace(
        CheckResult("a", "core", Outcome.FAILED, True, "because"),
        findings=(Finding("t.py::v", "victim"), Finding("t.py::w", "victim")),
    )
    patches = {
        "t.py::v": {"patch": {"diff": "--- a\n", "verified": True}},
        "t.py::w": {"patch": None, "no_patch": "the write was not found"},
    }
    record = fold(
        [
            STARTED,
            {"event": "check_finished", "at": 1.0, "result": as_json(result)},
            {"event": "check_patched", "at": 1.5, "name": "a", "patches": patches},
            ENDED,
        ]
    )
    victim, other = record.by_name["a"].findings
    assert victim.patch == Patch("--- a\n", verified=True)
    assert (other.patch, other.no_patch) == (None, "the write was not found")


def test_patches_of_an_unknown_check_are_damage():
    with pytest.raises(JournalError, match="damaged"):
        fold([STARTED, {"event": "check_patched", "at": 1.5, "name": "b", "patches": {}}])
