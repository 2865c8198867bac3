from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.record.trials import INCONCLUSIVE, NOT_READY, READY, CheckTrials, TestTrials
from readiness.record.value import replace
from readiness.trials.decision import Decision, decide
from readiness.trials.evidence import gathered
from readiness.trials.interval import interval
from readiness.trials.wording import (
    check_lines,
    page_data,
    plot,
    proven_failing,
    rate_words,
    saved_words,
    trials_line,
)
from readiness.trials.zone import Zone

WORDS = {Decision.READY: READY, Decision.NOT_READY: NOT_READY, Decision.UNDECIDED: INCONCLUSIVE}


def shown(path: str, test: str = "t.py::a", zone: Zone | None = None, **more: Any) -> TestTrials:
    """A test as the runner records it."""
    zone = zone or Zone()
    evidence = gathered(letter == "P" for letter in path)
    bounds = interval(zone, evidence)
    verdict = WORDS[decide(zone, evidence)]
    return TestTrials(
        test, verdict, "", zone.good, zone.bad, zone.alpha, zone.beta,
        **{
            "passes": evidence.passes, "fails": evidence.fails, "cap": 100, "low": round(bounds.low, 6),
            "high": round(bounds.high, 6), "log_e": round(evidence.log_e(zone), 6), "path": path, "fixed": 50,
        } | more,
    )  # fmt: skip


def test_one_line_says_all_of_it() -> None:
    assert trials_line(shown("P" * 18)) == (
        "READY         t.py::a  18/100 trials, 18 passed, rate 0.81..1, e 22 against p<=0.8"
    )
    assert trials_line(shown("PFFF", test="", cap=0), 13) == (
        "NOT READY     the command    4 trials, 1 passed, rate 0..0.81, e 54 against p>=0.95"
    )
    assert trials_line(shown("PPPPPPPPPF")) == (
        "INCONCLUSIVE  t.py::a  10/100 trials, 9 passed, rate 0.55..1, e 1.2 against p<=0.8"
    )


def test_bounds_are_rounded_outwards_and_no_further() -> None:
    assert rate_words(shown("", low=0.81, high=0.93)) == "0.81..0.93"
    assert rate_words(shown("", low=0.819, high=0.921)) == "0.81..0.93"
    assert rate_words(shown("")) == "0..1"


def test_huge_evidence_is_a_power_of_ten() -> None:
    assert "e 1e6021 against p>=0.95" in trials_line(shown("F" * 10_000))
    assert "e 1e373 against p<=0.8" in trials_line(shown("P" * 5_000))


def test_a_check_is_its_tests_their_remarks_and_what_was_saved() -> None:
    tests = (
        shown("P" * 18, "t.py::ready", calls_saved=32),
        shown("PFFF", "t.py::broken", calls_saved=46),
        shown("PPF", "t.py::open", carried=2, capacity=3, best=READY, worst=NOT_READY, duplicates=4,
              prompts=3, correlation=0.25, effective=2.2, note="goes on from run r1"),
    )  # fmt: skip
    lines = list(check_lines(CheckTrials(tests, alpha=0.05, beta=0.05), columns=40, ascii_only=True))
    assert lines[0] == (
        "READY         t.py::ready   18/100 trials, 18 passed, rate 0.81..1, e 22 against p<=0.8"
    )
    assert lines[1].startswith("NOT READY     t.py::broken  4/100 trials")
    assert lines[2] == "        READY |-------------------------"
    assert [line.strip() for line in lines if line.startswith("    ") and "|" not in line] == [
        "trial 1 to 4",
        "2 of these trials are from earlier runs",
        "3 more were lost to the infrastructure: READY had all of them passed, NOT READY had all failed",
        "4 repeated an earlier one word for word and were not counted",
        "3 prompts, intraclass correlation 0.25: for prompts in general worth 2 trials",
        "goes on from run r1",
        "trial 1 to 3",
    ]
    assert lines[-1] == "22 trials instead of 100 of the fixed test (78 saved, 78 calls with them)"
    assert all(line.isascii() for line in lines)


def test_a_check_without_tests_has_no_lines() -> None:
    assert list(check_lines(CheckTrials())) == []


def test_the_failing_are_named_at_the_alpha_of_the_check() -> None:
    # Of three, 60 is needed for the first, 40 for the second, 20 for the third.
    found = CheckTrials((shown("FFF", "a"), shown("PPPFFF", "b"), shown("P" * 9, "c")), alpha=0.05)
    assert proven_failing(found) == ("a",)
    assert proven_failing(CheckTrials((shown("FFF", "a"), shown("FFF", "b")), alpha=0.05)) == ("a", "b")
    assert proven_failing(CheckTrials((shown("F", "a"),), alpha=0.05)) == ()
    assert proven_failing(CheckTrials()) == ()


def test_what_was_saved_may_be_less_than_nothing() -> None:
    assert saved_words([shown("P" * 18)]) == "18 trials instead of 50 of the fixed test (32 saved)"
    assert (
        saved_words([shown("P" * 63, calls_saved=0)]) == "63 trials instead of 50 of the fixed test (13 more)"
    )


def test_the_data_of_a_page_has_the_path_and_its_bars() -> None:
    data = page_data(shown("PFFF"))
    assert (data["path"], data["verdict"], data["trials"], data["cap"]) == ("PFFF", "NOT READY", 4, 100)
    assert len(data["log_e_path"]) == 4
    assert data["log_e_path"][-1] == pytest.approx(data["log_e"], abs=1e-5)
    assert data["log_e_path"][-1] <= data["not_ready_at"]
    assert json.loads(json.dumps(data)) == data


def test_a_path_that_was_cut_keeps_its_level_and_its_numbers() -> None:
    whole = shown("PPPFPPPP")
    cut = replace(whole, path="PPPP")
    assert page_data(cut)["log_e_path"] == page_data(whole)["log_e_path"][4:]
    assert plot(cut)[-1].endswith("trial 5 to 8")


def test_the_plot_shows_which_bar_was_reached() -> None:
    assert plot(shown("PFFF"), columns=30, rows=5, ascii_only=True) == (
        "    READY |-------------------",
        "          |",
        "          |*",
        "          | **",
        "NOT READY |---*---------------",
        "           trial 1 to 4",
    )


@given(
    zone=...,
    path=st.text("PF", max_size=150),
    columns=st.integers(20, 90),
    rows=st.integers(5, 20),
    ascii_only=st.booleans(),
)
@settings(deadline=None)
def test_a_plot_fits_and_does_not_lie(
    zone: Zone, path: str, columns: int, rows: int, ascii_only: bool
) -> None:
    lines = plot(shown(path, zone=zone), columns=columns, rows=rows, ascii_only=ascii_only)
    assert len(lines) == rows + 1
    assert all(len(line) <= max(columns, 30) for line in lines)
    assert all(line.isascii() for line in lines) or not ascii_only
    dot = "*" if ascii_only else "●"
    ends = [decide(zone, gathered(letter == "P" for letter in path[:end])) for end in range(len(path) + 1)]
    if len(path) < columns - 12:
        assert (dot in lines[0]) is (Decision.READY in ends)
        assert (dot in lines[rows - 1]) is (Decision.NOT_READY in ends)
    elif ends[-1] is Decision.UNDECIDED:
        assert lines[0].rstrip()[-1] != dot


def test_no_trials_have_an_empty_plot() -> None:
    lines = plot(shown(""), ascii_only=True)
    assert "*" not in "".join(lines)
    assert lines[-1].endswith("no trials")


@pytest.mark.parametrize(("columns", "rows"), [(19, 9), (60, 4)])
def test_a_plot_needs_room(columns: int, rows: int) -> None:
    with pytest.raises(ValueError, match="too few"):
        plot(shown("P"), columns=columns, rows=rows)
