"""What tracing found out, with places of the project; and what `isolation: strict` holds against a test."""

from __future__ import annotations

from readiness.run.leaks_said import findings, leaks, left_over
from readiness.run.probe_files import ProcessFile, Run

CAUSE = {"polluter": "a.py::t", "state": "app.X", "where": "a.py:3"}


def finding(causes=(CAUSE,)):
    return {"event": "finding", "id": "b.py::v", "class": "victim", "causes": list(causes)}


def test_a_proven_leak_and_a_plain_one_are_held_against_their_tests():
    left = [
        {"by": "a.py::t", "state": "app.X", "plain": True},
        {"by": "a.py::u", "state": "os.environ['Y']", "plain": True},
        {"by": "a.py::w", "state": "app.cache['z']", "plain": False},
    ]
    run = Run(ProcessFile("1-1", (finding(), {"event": "isolation", "leaks": left})))
    assert [(one.test, one.where) for one in leaks(run, str)] == [("a.py::t", "a.py:3"), ("a.py::u", "")]


def test_a_run_that_was_not_traced_leaks_nothing():
    assert list(leaks(Run(ProcessFile("1-1", ())), str)) == []


def test_findings_and_what_is_left_have_places_in_the_project():
    said = {**CAUSE, "stack": ["a.py:3", "a.py:9"]}
    left = [{"by": "a.py::t", "state": "app.X", "where": "a.py:3"}, {"by": "a.py::u", "state": "app.Y"}]
    run = Run(ProcessFile("1-1", (finding(causes=[said]), {"event": "isolation", "leaks": left})))
    (found,) = findings(run, "sub/{}".format)
    assert (found.test, found.kind, found.patch) == ("b.py::v", "victim", None)
    assert (found.causes[0].where, found.causes[0].stack) == ("sub/a.py:3", ("sub/a.py:3", "sub/a.py:9"))
    assert [(one.by, one.where) for one in left_over(run, "sub/{}".format)] == [
        ("a.py::t", "sub/a.py:3"),
        ("a.py::u", ""),
    ]
