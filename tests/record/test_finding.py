"""The JSON form, and what a person reads."""

from __future__ import annotations

import pytest

from readiness.isolation.wording import lines
from readiness.record.finding import Finding, LeftOver, Patch, Report
from readiness.record.value import as_json, replace

CAUSE = {
    "polluter": "a.py::t",
    "state": "app.X",
    "before": "1",
    "after": "2",
    "where": "a.py:3",
    "proof": "forked",
    "exact": True,
    "stack": ["a.py:3", "a.py:9"],
}


def report(kind: str = "victim", **changes: object) -> Report:
    event = {"id": "b.py::v", "class": kind, "error": "AssertionError", "causes": [CAUSE], "notes": ["so"]}
    return Report(4, (Finding.from_json(event),), (LeftOver("a.py::t", "app.X"),), 7, **changes)  # type: ignore[arg-type]


def test_the_json_form():
    found = report().to_json()
    assert (found["tests"], found["replays"]) == (4, 7)
    assert found["leaks"] == [{"by": "a.py::t", "state": "app.X", "where": ""}]
    (finding,) = found["findings"]
    assert (finding["test"], finding["class"], finding["patch"]) == ("b.py::v", "victim", None)
    assert {name: finding["causes"][0][name] for name in CAUSE} == CAUSE


def test_it_comes_back_from_its_json_and_from_the_records():
    event = report().findings[0]
    patched = replace(event, patch=Patch("--- a\n+++ b\n", "victim", True, "pytest", ("b.py::v",), 4))
    unpatched = replace(event, no_patch="the line was not found")
    for one in (event, patched, unpatched):
        assert Finding.from_json(one.to_json()) == one
        assert Finding.from_json(as_json(one)) == one


def test_a_patch_is_not_verified_unless_it_says_so():
    assert not Patch.from_json({"diff": "--- a"}).verified


def test_what_a_person_reads_names_who_what_where_and_proof():
    text = "\n".join(lines(report()))
    for part in (
        "VICTIM  b.py::v",
        "a.py::t",
        "app.X",
        "1  ->  2",
        "a.py:3",
        "called from a.py:9",
        "passes with this",
    ):
        assert part in text


def test_what_was_not_judged_is_not_called_judged():
    assert report().judged
    assert not report("unjudged").judged
    assert not report(problems=("pytest died",)).judged
    assert "PROBLEM: pytest died" in "\n".join(lines(report(problems=("pytest died",))))


LEAK = {"polluter": "a.py::t", "state": "app.X", "where": "a.py:3"}


@pytest.mark.parametrize(
    ("kind", "causes", "said"),
    [
        ("victim", [LEAK], "victim of a.py::t, which leaves app.X changed (a.py:3)"),
        ("victim", [{**LEAK, "state": ""}], "victim of a.py::t (a.py:3)"),
        ("broken", [], "broken by itself"),
        ("unjudged", [], ""),
        ("of a later version", [], ""),
    ],
)
def test_why_a_test_failed_in_a_sentence(kind, causes, said):
    assert Finding.from_json({"id": "b.py::v", "class": kind, "causes": causes}).because() == said


def test_many_causes_are_counted():
    event = {"id": "b.py::v", "class": "victim", "causes": [LEAK] * 5}
    assert Finding.from_json(event).because().endswith("and 3 more")
