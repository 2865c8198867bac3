"""The summary fits the screen, ends with the verdict, and colour adds nothing that words do not say."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from readiness.record.outcome import Outcome
from readiness.record.record import Record
from readiness.record.result import CheckResult, Counts, Failure
from readiness.record.value import replace
from readiness.report.terminal import summary
from readiness.report.width import columns

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

# A failing record is shown as it was drawn: making one smaller takes minutes.
DRAWN = (Phase.explicit, Phase.generate)


def lines_of(record: Record, width: int = 120) -> list[str]:
    return summary(record, colour=False, width=width).splitlines()


@given(data=st.data(), width=st.integers(20, 200))
def test_any_record_fits_its_width_and_holds_no_escape(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject, width: int
) -> None:
    record = any_record(data)
    text = summary(record, colour=False, width=width)
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        assert columns(line) <= width
        assert line == line.rstrip()
        assert all(character.isprintable() or character in "\u200c\u200d" for character in line)
    assert text[:-1].split("\n")[-1].startswith(str(record.verdict)[: width - 1])


@given(data=st.data(), width=st.integers(20, 200))
def test_without_its_colours_it_is_the_same(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject, width: int
) -> None:
    record = any_record(data)
    coloured = summary(record, colour=True, width=width)
    assert ESCAPE.sub("", coloured) == summary(record, colour=False, width=width)
    assert coloured.count("\x1b[0m") * 2 == coloured.count("\x1b[")


@settings(max_examples=40, phases=DRAWN)
@given(data=st.data())
def test_every_check_has_a_line_with_its_outcome_in_words(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject
) -> None:
    record = any_record(data)
    shown = lines_of(record, 400)
    for check in record.checks:
        symbol = "✔" if check.outcome is Outcome.PASSED else "[^✔]"
        assert any(re.match(rf"  {symbol} {check.outcome.replace('_', ' ')} ", line) for line in shown)


def test_the_seed_on_a_screen(seed: Record) -> None:
    shown = lines_of(seed)
    assert len(shown) <= 24
    assert shown[0].startswith(
        "readiness 20260928T091500Z-3f9a · gate deploy (strict) · 1 min 12 s · 3f9a1c07e5d2 and 2 changed"
    )
    at = next(index for index, line in enumerate(shown) if "✘ failed" in line)
    assert re.fullmatch(
        r"  ✘ failed +all_smokes_core +core +3\.42 s  41 passed, 1 failed, 1 skipped", shown[at]
    )
    assert shown[at + 1 : at + 6] == [
        "      tests/smoke_optional/test_agent_proxy_validation_errors.py:52 in test_agent_proxy_headers_precedence",
        "        AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}",
        "        victim of tests/smoke_optional/test_agent_proxy_headers_and_errors.py::test_errors",
        "        which leaves agent_proxy.HttpToolsInvoker changed (tests/smoke_optional/test_agent_proxy_headers_and_errors.py:…",
        "      log: .readiness/runs/20260928T091500Z-3f9a/logs/all_smokes_core.log",
    ]
    assert "lanes    core NOT READY · nd NOT RUN (last READY 3 days ago) · live NOT RUN (never)" in shown
    assert any(line.startswith("note     shim_docs (optional): hollow") for line in shown)
    assert "also     smokes_nd_real: not_run: service model: not ready after 60 s" in shown
    assert shown[-2] == "next     readiness run all_smokes_core --gate deploy --strict"
    assert shown[-1].startswith("NOT READY  all_smokes_core: failed: 1 of 42 tests failed")


def test_a_ready_run_says_so_and_asks_for_nothing(ready: Record) -> None:
    shown = lines_of(ready)
    assert shown[-1] == "READY  1 required check passed"
    assert not any(line.startswith("next") for line in shown)


def test_an_interrupted_run_says_how_to_go_on(seed: Record) -> None:
    shown = lines_of(replace(seed, interrupted="SIGINT"))
    assert shown[-2] == "next     readiness run --resume"
    assert shown[-1].startswith("NOT READY  interrupted: SIGINT;")


def many(number: int, outcome: Outcome) -> tuple[CheckResult, ...]:
    failures = (Failure("a.py::t", "call", "failure", "one\ntwo\nthree\nfour\nfive\nsix", "a.py:1"),) * 3
    return tuple(
        CheckResult(
            f"check_{at}", "core", outcome, True, "because", Counts(passed=3), 1.0, log="x.log",
            failures=() if outcome is Outcome.PASSED else failures,
        )
        for at in range(number)
    )  # fmt: skip


def test_many_that_passed_share_a_line(seed: Record) -> None:
    shown = lines_of(replace(seed, checks=(*many(100, Outcome.PASSED), seed.checks[0])), 100)
    assert len(shown) <= 24
    (folded,) = (line for line in shown if "✔" in line)
    assert folded.startswith("  ✔ passed       100 checks: check_0, check_1")
    assert folded.endswith("…")


def test_of_many_that_failed_the_first_is_told_and_the_rest_are_counted(seed: Record) -> None:
    shown = lines_of(replace(seed, checks=many(300, Outcome.FAILED)), 80)
    assert len(shown) <= 24
    listed = sum(line.startswith("  ✘ failed ") for line in shown)
    assert listed >= 3
    assert any(
        line.startswith(f"  ✘ not passed   {300 - listed} more checks: check_{listed}, ") for line in shown
    )
    assert shown[3:5] == ["      a.py:1 in t", "        one"]
    assert "      and 2 more failures" in shown
    assert f"read     PROJECT_READY.md, or .readiness/runs/{seed.header.run_id}/report.html" in shown


def test_a_higher_screen_shows_more_of_each(seed: Record) -> None:
    checks = many(6, Outcome.FAILED)
    low, high = (
        summary(replace(seed, checks=checks), colour=False, width=120, height=height).splitlines()
        for height in (10, 90)
    )
    assert len(low) <= 24 < len(high) <= 90
    assert high.count("        four") == 6
    assert "        five" not in high
    assert all(any(f"check_{at} " in line for line in low) for at in range(6)), "each has its line"


@given(data=st.data(), height=st.integers(0, 60), times=st.integers(1, 12))
def test_any_record_fits_its_screen(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject, height: int, times: int
) -> None:
    record = any_record(data)
    text = summary(replace(record, checks=record.checks * times), colour=False, width=80, height=height)
    assert text.count("\n") <= max(height, 24)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.ERROR])
def test_a_command_without_test_records_shows_its_reason_and_last_line(
    seed: Record, outcome: Outcome
) -> None:
    check = CheckResult(
        "build", "core", outcome, True, "the command ended with exit code 7", last_output="one\nno space left\n\n",
        log="logs/build.log", survivors=("1234 sleep 60",),
    )  # fmt: skip
    shown = lines_of(replace(seed, checks=(check,)))
    assert any(line.endswith("the command ended with exit code 7") for line in shown)
    for line in ("last: no space left", "could not be ended: 1234 sleep 60", "log: logs/build.log"):
        assert f"      {line}" in shown


def test_many_reasons_and_problems_are_counted(seed: Record) -> None:
    shown = lines_of(replace(seed, reasons=tuple(f"reason {at}" for at in range(9)), problems=("disk full",)))
    assert shown[-1] == "NOT READY  reason 0 (and 8 more reasons)"
    assert [line for line in shown if line.startswith("also")] == [
        "also     reason 1",
        "also     and 7 more, in PROJECT_READY.md",
    ]
    assert "problem  disk full" in shown


def test_a_cached_check_says_so(seed: Record) -> None:
    check = replace(seed.checks[1], cached_from="20260927T000000Z-0001")
    assert any(
        re.search(r"code_loop_python +core +cached  7 passed", line)
        for line in lines_of(replace(seed, checks=(check,)))
    )
