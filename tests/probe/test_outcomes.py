"""From reports to outcomes, in the orders in which pytest and its plugins send them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from readiness_probe.outcomes import Outcomes
from readiness_probe.places import Places


@pytest.fixture
def outcomes():
    return Outcomes(Places("/project"))


class Report(SimpleNamespace):
    def __init__(self, when, outcome, **fields):
        longrepr = None if outcome == "passed" else f"{when} {outcome}"
        given = {
            "nodeid": "test_a",
            "duration": 0.25,
            "location": ("test_a.py", 0, "test_a"),
            "longrepr": longrepr,
        }
        super().__init__(when=when, outcome=outcome, **(given | fields))
        for name in ("passed", "failed", "skipped"):
            setattr(self, name, outcome == name)


class SubtestReport(Report):
    pass


def send(outcomes, *reports):
    return [event for one in reports for event in outcomes.add(one, {})]


def ends(events):
    return [(event["event"], event.get("outcome")) for event in events]


def test_a_pass_is_told_with_its_teardown(outcomes):
    assert send(outcomes, Report("setup", "passed"), Report("call", "passed")) == []
    (event,) = send(outcomes, Report("teardown", "passed"))
    assert event == {"event": "test", "id": "test_a", "outcome": "passed", "seconds": 0.75}


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        (["setup failed", "teardown passed"], [("test", "error")]),
        (["setup skipped", "teardown passed"], [("test", "skipped")]),
        (["setup passed", "call failed", "teardown passed"], [("test", "failed")]),
        (
            ["setup passed", "call failed", "teardown failed"],
            [("test", "failed"), ("teardown_error", None)],
        ),
        (
            ["setup passed", "call passed", "teardown failed"],
            [("test", "passed"), ("teardown_error", None)],
        ),
        (["setup passed", "teardown passed"], [("test", "not_run")]),
    ],
)
def test_phases(outcomes, reports, expected):
    assert ends(send(outcomes, *(Report(*one.split()) for one in reports))) == expected


@pytest.mark.parametrize(("outcome", "expected"), [("skipped", "xfailed"), ("passed", "xpassed")])
def test_expected_failures(outcomes, outcome, expected):
    call = Report("call", outcome, wasxfail="known")
    assert ends(send(outcomes, Report("setup", "passed"), call, Report("teardown", "passed"))) == [
        ("test", expected)
    ]


def test_a_crashed_worker_is_told_at_once(outcomes):
    """pytest-xdist sends one report with the phase `???`."""
    (event,) = send(outcomes, Report("???", "failed", longrepr="worker 'gw0' crashed"))
    assert (event["outcome"], event["phase"], event["message"]) == ("failed", "call", "worker 'gw0' crashed")


def test_a_repetition_with_a_teardown_each(outcomes):
    """pytest-rerunfailures 16: every attempt reports its teardown."""
    again = [Report("setup", "passed"), Report("call", "rerun"), Report("teardown", "passed")]
    last = [Report("setup", "passed"), Report("call", "passed"), Report("teardown", "passed")]
    assert ends(send(outcomes, *again, *again, *last)) == [
        ("rerun", None),
        ("rerun", None),
        ("test", "passed"),
    ]


def test_a_repetition_without_a_teardown(outcomes):
    """pytest-rerunfailures before 16: the attempt ends with the report of its failure."""
    again = [Report("setup", "passed"), Report("call", "rerun")]
    last = [Report("setup", "passed"), Report("call", "failed"), Report("teardown", "passed")]
    assert ends(send(outcomes, *again, *last)) == [("rerun", None), ("test", "failed")]


def test_a_repetition_because_of_the_teardown(outcomes):
    again = [Report("setup", "passed"), Report("call", "passed"), Report("teardown", "rerun")]
    last = [Report("setup", "passed"), Report("call", "passed"), Report("teardown", "passed")]
    assert ends(send(outcomes, *again, *last)) == [("rerun", None), ("test", "passed")]


def test_subtests(outcomes):
    context = SimpleNamespace(msg="even", kwargs={"i": 1})
    events = send(
        outcomes,
        Report("setup", "passed"),
        SubtestReport("call", "passed", context=context),
        SubtestReport("call", "failed", context=context),
        SubtestReport("call", "skipped", context=SimpleNamespace(msg=None, kwargs={})),
        Report("call", "passed"),
        Report("teardown", "passed"),
    )
    assert ends(events) == [("test", "failed"), ("subtest", "failed"), ("subtest", "skipped")]
    assert [event.get("subtest") for event in events] == [None, "[even] (i=1)", ""]
    assert events[0]["message"] == "1 failed subtest"
    assert events[0]["seconds"] == 0.75


def test_subtests_of_an_attempt_that_is_repeated_are_forgotten(outcomes):
    context = SimpleNamespace(msg="", kwargs={})
    failed = SubtestReport("call", "failed", context=context)
    events = send(
        outcomes, Report("setup", "passed"), failed, Report("call", "rerun"), Report("teardown", "passed")
    )
    events += send(
        outcomes, Report("setup", "passed"), Report("call", "passed"), Report("teardown", "passed")
    )
    assert ends(events) == [("rerun", None), ("test", "passed")]


def test_what_was_caught_counts_only_in_a_pass(outcomes):
    found = {"swallowed": [{"how": "pass", "message": "m", "where": "w"}]}
    for outcome, expected in (("passed", ["test", "swallowed"]), ("failed", ["test"])):
        outcomes.add(Report("setup", "passed"), {})
        outcomes.add(Report("call", outcome), found)
        assert [one["event"] for one in outcomes.add(Report("teardown", "passed"), {})] == expected


def test_a_run_that_stops_between_phases(outcomes):
    send(outcomes, Report("setup", "passed"), Report("call", "failed"))
    send(outcomes, Report("setup", "passed", nodeid="test_b"))
    assert [(event["id"], event["outcome"]) for event in outcomes.flush()] == [("test_a", "failed")]
    assert outcomes.flush() == []
    assert outcomes.counts == {"failed": 1}


def test_interleaved_tests_are_kept_apart(outcomes):
    a, b = {"nodeid": "a"}, {"nodeid": "b"}
    events = send(
        outcomes,
        Report("setup", "passed", **a),
        Report("setup", "passed", **b),
        Report("call", "failed", **a),
        Report("call", "passed", **b),
        Report("teardown", "passed", **b),
        Report("teardown", "passed", **a),
    )
    assert [(event["id"], event["outcome"]) for event in events] == [("b", "passed"), ("a", "failed")]
