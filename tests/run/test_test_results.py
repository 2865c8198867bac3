from __future__ import annotations

import json

import pytest

from readiness.record.redact import Redactor
from readiness.run.artifacts import RunFolder
from readiness.run.probe_events import ProbeSummary
from readiness.run.test_results import read_tests, write_tests
from readiness.store.past_run import TestRun


@pytest.fixture
def folder(tmp_path):
    run = RunFolder(str(tmp_path), "r")
    (tmp_path / ".readiness/runs/r").mkdir(parents=True)
    return run


def test_each_test_is_kept_once_with_every_execution(folder):
    results = (("a", "passed", 0.25), ("b", "failed", 0.5), ("b", "passed", 0.125), ("c", "skipped", 0.0))
    ended = (("a", True), ("b", False), ("b", True))
    write_tests(folder, "unit", ProbeSummary(results=results, ended=ended), Redactor())
    assert read_tests(folder, "unit") == (
        TestRun("a", "passed", 1, 0, 0.25),
        TestRun("b", "flaky", 1, 1, 0.125),
        TestRun("c", "skipped", 0, 0, 0.0),
    )


def test_a_key_in_a_name_is_not_kept_and_quotes_break_nothing(folder):
    names = ('t[password="hunter2hunter2" x]', 't["\\\n\udce9]')
    results = tuple((name, "passed", 0.0) for name in names)
    write_tests(folder, "unit", ProbeSummary(results=results), Redactor(["hunter2hunter2"]))
    first, second = read_tests(folder, "unit")
    assert "hunter2" not in first.test
    assert first.test.startswith("t[password=")
    assert second.test == names[1]


def test_without_tests_there_is_no_file(folder):
    write_tests(folder, "unit", ProbeSummary(), Redactor())
    assert read_tests(folder, "unit") == ()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": "other"}', '{"format": "readiness/tests/1", "tests": [["a"]]}', "[" * 9999]
)
def test_a_file_of_another_form_is_refused(folder, tmp_path, text):
    path = tmp_path / ".readiness/runs/r/tests/unit.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ValueError, match=r"."):
        read_tests(folder, "unit")
    path.write_text(json.dumps({"format": "readiness/tests/1", "tests": []}))
    assert read_tests(folder, "unit") == ()
