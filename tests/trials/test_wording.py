from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.record.trials import NOT_READY, CheckTrials, TestTrials
from readiness.trials.decision import Decision, decide
from readiness.trials.evidence import Evidence, gathered
from readiness.trials.wording import path_data, plot, proven_failing
from readiness.trials.zone import Zone


def shown(test: str, passes: int, fails: int) -> TestTrials:
    """A test as the runner records it."""
    zone, evidence = Zone(), Evidence(passes, fails)
    return TestTrials(
        test, NOT_READY, "", zone.good, zone.bad, zone.alpha, zone.beta, passes, fails, log_e=evidence.log_e(zone)
    )  # fmt: skip


def test_the_failing_are_named_at_the_alpha_of_the_check() -> None:
    # Of three, an e-value of 60 is needed for the first, 40 for the second, 20 for the third.
    found = CheckTrials((shown("a", 0, 3), shown("b", 3, 3), shown("c", 9, 0)), alpha=0.05)
    assert proven_failing(found) == ("a",)
    assert proven_failing(CheckTrials((shown("a", 0, 3), shown("b", 0, 4)), alpha=0.05)) == ("b", "a")
    assert proven_failing(CheckTrials((shown("a", 0, 1),), alpha=0.05)) == ()
    assert proven_failing(CheckTrials()) == ()


def test_the_data_of_the_path_has_its_bars(zone: Zone) -> None:
    data = path_data(zone, [True, False, False, False], cap=40)
    assert (data["outcomes"], data["first"], data["cap"]) == ("PFFF", 1, 40)
    assert len(data["log_e"]) == 4
    assert data["log_e"][-1] <= data["not_ready_at"]
    assert json.loads(json.dumps(data)) == data


def test_a_path_that_goes_on_keeps_its_level_and_its_numbers(zone: Zone) -> None:
    path = [letter == "P" for letter in "PPPFPPPP"]
    before = gathered(path[:4])
    assert path_data(zone, path[4:], before=before)["log_e"] == path_data(zone, path)["log_e"][4:]
    assert path_data(zone, path[4:], before=before)["first"] == 5
    assert plot(zone, path[4:], before=before)[-1].endswith("trial 5 to 8")


def test_the_plot_shows_which_bar_was_reached(zone: Zone) -> None:
    assert plot(zone, [True, False, False, False], columns=30, rows=5, ascii_only=True) == (
        "    READY |-------------------",
        "          |",
        "          |*",
        "          | **",
        "NOT READY |---*---------------",
        "           trial 1 to 4",
    )


@given(
    zone=...,
    path=st.lists(st.booleans(), max_size=150),
    columns=st.integers(20, 90),
    rows=st.integers(5, 20),
    ascii_only=st.booleans(),
)
@settings(deadline=None)
def test_a_plot_fits_and_does_not_lie(
    zone: Zone, path: list[bool], columns: int, rows: int, ascii_only: bool
) -> None:
    lines = plot(zone, path, columns=columns, rows=rows, ascii_only=ascii_only)
    assert len(lines) == rows + 1
    assert all(len(line) <= max(columns, 30) for line in lines)
    assert all(line.isascii() for line in lines) or not ascii_only
    dot = "*" if ascii_only else "●"
    ends = [decide(zone, gathered(path[:end])) for end in range(len(path) + 1)]
    if len(path) <= columns - 11:
        assert (dot in lines[0]) is (Decision.READY in ends)
        assert (dot in lines[rows - 1]) is (Decision.NOT_READY in ends)
    else:
        # Columns are shared, the last trial is always seen.
        assert (lines[0][-1] == dot) is (ends[-1] is Decision.READY)
        assert (lines[rows - 1][-1] == dot) is (ends[-1] is Decision.NOT_READY)


def test_no_trials_have_an_empty_plot(zone: Zone) -> None:
    lines = plot(zone, [], ascii_only=True)
    assert "*" not in "".join(lines)
    assert lines[-1].endswith("no trials")


@pytest.mark.parametrize(("columns", "rows"), [(19, 9), (60, 4)])
def test_a_plot_needs_room(zone: Zone, columns: int, rows: int) -> None:
    with pytest.raises(ValueError, match="too few"):
        plot(zone, [True], columns=columns, rows=rows)
