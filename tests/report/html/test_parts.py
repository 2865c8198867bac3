"""The parts of the page: rows, timeline, and the drawn path of the evidence."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.outcome import Outcome
from readiness.record.record import Record
from readiness.record.result import CheckResult, Failure
from readiness.record.trials import CheckTrials, TestTrials
from readiness.record.value import replace
from readiness.report.html import rows, signs
from readiness.report.html.evidence import evidence
from readiness.report.html.stories import stories
from readiness.report.html.timeline import timeline

JUDGED = TestTrials(
    "test_a.py::test_a", "NOT READY", "", 0.95, 0.8, 0.05, 0.05, passes=3, fails=4, path="PPPFFFF"
)


def judged(seed: Record, *tests: TestTrials) -> Record:
    return replace(seed, checks=(replace(seed.checks[0], trials=CheckTrials(tests)),))


def test_warnings_are_named_and_the_rest_counted(seed: Record) -> None:
    check = replace(seed.checks[0], warnings=("first", "x" * 5000, "third", "fourth", "fifth"))
    source = stories((check,), {})
    assert "first; x" in source
    assert "x…; third; and 2 more, see report.json" in source


def test_stories_and_failures_that_are_not_told_are_counted(seed: Record) -> None:
    check = replace(seed.checks[0], failures=seed.checks[0].failures * 9, failures_left_out=10)
    source = stories((check,) * 100, {})
    assert source.count("<details") == 30
    assert source.count(" open>") == 5
    assert "70 more checks did not pass: each has a row in the table below." in source
    assert source.count("15 more failures: see the table") == 30


def test_rows_that_do_not_fit_are_counted(seed: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_CHARACTERS", 300)
    data = rows.table_data(seed, seed.checks[:1], 1)
    assert data["left"] > 0
    assert data["rows"][0][1] == "all_smokes_core"
    whole = 4 + 1 + 1
    assert len(data["rows"]) + data["left"] <= whole


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("failure", "failed"),
        ("swallowed", "failed"),
        ("error", "error"),
        ("timeout", "timed out"),
        ("new", "error"),
    ],
)
def test_a_test_ended_as_its_failure_says(seed: Record, kind: str, word: str) -> None:
    check = replace(seed.checks[0], failures=(Failure("t", "call", kind, "m"),), skips=())
    data = rows.table_data(replace(seed, checks=(check,)), (check,), 1)
    assert data["outcomes"][data["rows"][1][3]][0] == word


def test_only_passed_and_ready_are_green() -> None:
    assert [outcome for outcome, colour in signs.OUTCOMES.items() if colour == signs.GREEN] == [
        Outcome.PASSED
    ]
    assert [word for word, (colour, _) in signs.VERDICTS.items() if colour == signs.GREEN] == ["READY"]
    assert set(signs.OUTCOMES) == set(Outcome)
    assert 'class="sign bad"' in signs.verdict("ready, honestly")


def at(seed: Record, *pairs: tuple[str, float]) -> Record:
    checks = (replace(seed.checks[1], started_at=start, seconds=took) for start, took in pairs)
    return replace(seed, checks=tuple(checks), services=())


def bars(source: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(w)) for x, w in re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', source)
    ]


def test_bars_stand_where_the_checks_ran(seed: Record) -> None:
    drawn = bars(timeline(at(seed, ("2026-09-28T09:15:10Z", 10.0), ("2026-09-28T09:15:00Z", 10.0))))
    assert drawn == [(300.0, 350.0), (650.0, 350.0)]


@given(st.lists(st.tuples(st.datetimes().map(str), st.floats(0, 1e9)), min_size=1, max_size=5))
def test_no_bar_leaves_the_drawing(seed: Record, pairs: list[tuple[str, float]]) -> None:
    for x, width in bars(timeline(at(seed, *pairs))):
        assert x >= 300
        assert x + width <= 1000.2


@pytest.mark.parametrize("start", ["", "yesterday", "9999-12-31T23:59:59+00:00<"])
def test_a_check_without_a_start_has_no_bar(seed: Record, start: str) -> None:
    assert "No check says when it started" in timeline(at(seed, (start, 1.0)))


def test_of_many_checks_the_longest_are_drawn(seed: Record) -> None:
    source = timeline(at(seed, *(("2026-09-28T09:15:00Z", float(n)) for n in range(1000))))
    assert len(bars(source)) == 120
    assert "The 120 longest of 1000 checks are drawn." in source


def test_a_service_that_failed_does_not_look_ready(seed: Record) -> None:
    source = timeline(seed)
    assert "not ready after 60 s" in source
    assert "good" not in source


def test_the_path_goes_from_nothing_to_the_last_trial(seed: Record) -> None:
    source = evidence(judged(seed, JUDGED))
    (points,) = re.findall('points="([^"]+)"', source)
    pairs = [tuple(map(float, one.split(","))) for one in points.split()]
    assert len(pairs) == 1 + len(JUDGED.path)
    assert pairs[3][1] < pairs[0][1] < pairs[-1][1], "up with passes, down with failures"
    lost = float(re.findall(r'y1="([\d.]+)"[^>]* class="bad"', source)[0])
    assert pairs[-1][1] >= lost, "four failures cross the bar"


def test_a_long_path_is_thinned_and_keeps_its_end(seed: Record) -> None:
    (points,) = re.findall('points="([^"]+)"', evidence(judged(seed, replace(JUDGED, path="PF" * 50_000))))
    assert len(points.split()) == 401


@pytest.mark.parametrize("change", [{"path": ""}, {"good": 0.5, "bad": 0.9}, {"alpha": 7.0}])
def test_what_cannot_be_drawn_still_has_its_row(seed: Record, change: dict[str, object]) -> None:
    source = evidence(judged(seed, replace(JUDGED, **change)))
    assert "test_a.py::test_a" in source
    assert "<svg" not in source


def test_the_worst_are_listed_first_and_the_rest_counted(seed: Record) -> None:
    many = [replace(JUDGED, test=f"ready_{n}", verdict="READY") for n in range(150)]
    source = evidence(judged(seed, *many, replace(JUDGED, test="the_bad_one")))
    assert source.index("the_bad_one") < source.index("ready_0")
    assert "51 more tests: see report.json." in source


def test_a_run_without_trials_has_no_such_part(seed: Record) -> None:
    checks: tuple[CheckResult, ...] = seed.checks
    assert all(check.trials is None for check in checks)
    assert evidence(seed) == ""
