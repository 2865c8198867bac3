from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.decision import Decision, first_crossing
from readiness.trials.evidence import Evidence
from readiness.trials.wording import e_words, path_data, plot, rate_words, saved_words, trials_line
from readiness.trials.zone import Zone


def test_one_line_says_all_of_it(zone: Zone) -> None:
    assert trials_line("t.py::a", zone, Evidence(18, 0), Decision.READY, 100) == (
        "READY         t.py::a  18/100 trials, 18 passed, rate 0.81..1, e 22 against p<=0.8"
    )
    assert trials_line("a", zone, Evidence(1, 3), Decision.NOT_READY, width=8) == (
        "NOT READY     a         4 trials, 1 passed, rate 0..0.81, e 54 against p>=0.95"
    )
    assert trials_line("a", zone, Evidence(9, 1), Decision.UNDECIDED, 10, lost=3) == (
        "INCONCLUSIVE  a  10/10 trials, 9 passed, rate 0.55..1, e 1.2 against p<=0.8, "
        "3 lost to the infrastructure"
    )


def test_nothing_known_reads_as_such(zone: Zone) -> None:
    assert rate_words(zone, Evidence()) == "0..1"
    assert e_words(zone, Evidence()) == "1 against p<=0.8"


def test_huge_evidence_is_a_power_of_ten(zone: Zone) -> None:
    assert e_words(zone, Evidence(0, 10_000)) == "1e6021 against p>=0.95"
    assert e_words(zone, Evidence(5_000, 0)) == "1e373 against p<=0.8"


def test_what_was_saved_may_be_less_than_nothing() -> None:
    assert saved_words(18, 50) == "18 trials instead of 50 (32 saved)"
    assert saved_words(63, 50) == "63 trials instead of 50 (13 more)"


def test_the_data_of_the_path_ends_at_the_verdict(zone: Zone) -> None:
    data = path_data(zone, [True, False, False, False, True], cap=40)
    assert (data["outcomes"], data["decision"], data["cap"]) == ("PFFF", "NOT READY", 40)
    assert len(data["log_e"]) == 4
    assert data["log_e"][-1] <= data["not_ready_at"]
    assert json.loads(json.dumps(data)) == data


def test_the_plot_shows_which_bar_was_reached(zone: Zone) -> None:
    assert plot(zone, [True, False, False, False], columns=30, rows=5, ascii_only=True) == (
        "    READY |-------------------",
        "          |",
        "          |*",
        "          | **",
        "NOT READY |---*---------------",
        "           trial 1 to 4",
    )


@settings(deadline=None)
@given(
    zone=...,
    path=st.lists(st.booleans(), max_size=150),
    columns=st.integers(20, 90),
    rows=st.integers(5, 20),
    ascii_only=st.booleans(),
)
def test_a_plot_fits_and_does_not_lie(
    zone: Zone, path: list[bool], columns: int, rows: int, ascii_only: bool
) -> None:
    lines = plot(zone, path, columns=columns, rows=rows, ascii_only=ascii_only)
    assert len(lines) == rows + 1
    assert all(len(line) <= max(columns, 30) for line in lines)
    assert all(line.isascii() for line in lines) or not ascii_only
    dot = "*" if ascii_only else "●"
    decision = first_crossing(zone, path).decision
    assert (dot in lines[0]) is (decision is Decision.READY)
    assert (dot in lines[rows - 1]) is (decision is Decision.NOT_READY)


def test_no_trials_have_an_empty_plot(zone: Zone) -> None:
    lines = plot(zone, [], ascii_only=True)
    assert "*" not in "".join(lines)
    assert lines[-1].endswith("no trials")


@pytest.mark.parametrize(("columns", "rows"), [(19, 9), (60, 4)])
def test_a_plot_needs_room(zone: Zone, columns: int, rows: int) -> None:
    with pytest.raises(ValueError, match="too few"):
        plot(zone, [True], columns=columns, rows=rows)
