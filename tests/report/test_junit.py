"""JUnit is well formed whatever is in it, keeps to its schema, and shows green only for what passed."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.outcome import Outcome
from readiness.record.record import Header, Record
from readiness.record.result import CheckResult, Counts, Failure, Skip
from readiness.record.value import replace
from readiness.report.junit import junit

ATTRIBUTES = {
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
    "property": {"name", "value"},
    "properties": set(),
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}
"""What the Jenkins schema (junit-10.xsd) allows, as far as it is used here."""

test_ids = st.one_of(st.text(max_size=10), st.sampled_from(["a.py::T::test_x[a::b]", "a.py", "a.py::test_x"]))
listing = st.lists(
    st.tuples(
        test_ids,
        st.sampled_from(["passed", "failed", "error", "skipped", "xfailed", "xpassed"]),
        st.floats(0, 1e4),
    ),
    max_size=4,
).map(tuple)


def suite(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.encode())


@given(data=st.data())
def test_any_check_gives_well_formed_xml_that_keeps_to_the_schema(
    any_check: Callable[[st.DataObject], CheckResult],
    any_header: Callable[[st.DataObject], Header],
    data: st.DataObject,
) -> None:
    check, header, tests = any_check(data), any_header(data), data.draw(listing)
    root = suite(junit(check, header, tests))
    assert root.tag == "testsuite"
    assert root.get("name")
    assert [child.tag for child in root][:1] == ["properties"]
    assert {child.tag for child in root[1:]} <= {"testcase"}
    assert all(one.get("name") for one in root.iter("property"))
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag], element.tag
    for case in root.iter("testcase"):
        assert case.get("name")
        ends = [child.tag for child in case if child.tag != "properties"]
        assert len(ends) <= 1
        assert set(ends) <= {"failure", "error", "skipped"}
        assert [child.tag for child in case][:-1] in ([], ["properties"])
    number = {tag: len(list(root.iter(tag))) for tag in ("testcase", "failure", "error", "skipped")}
    for attribute, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        total = int(root.get(attribute, ""))
        assert total == number[tag] if tests else total >= number[tag]


@given(data=st.data())
def test_only_what_passed_looks_green(
    any_check: Callable[[st.DataObject], CheckResult],
    any_header: Callable[[st.DataObject], Header],
    data: st.DataObject,
) -> None:
    check = any_check(data)
    root = suite(junit(check, any_header(data), data.draw(listing)))
    red = int(root.get("failures", "")) + int(root.get("errors", ""))
    if check.outcome is Outcome.SKIPPED:
        assert int(root.get("skipped", "")) > 0
    elif check.outcome is not Outcome.PASSED:
        assert red > 0
    if check.outcome not in (Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED):
        assert check.outcome in [error.get("type") for error in root.iter("error")]


@pytest.mark.parametrize(
    "outcome", [one for one in Outcome if one not in (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)]
)
def test_a_check_without_a_test_record_shows_its_own_outcome(seed: Record, outcome: Outcome) -> None:
    check = CheckResult("live_model", "nd", outcome, True, "because", last_output="the end\nof its log")
    root = suite(junit(check, seed.header))
    (case,) = root.findall("testcase")
    assert (case.get("classname"), case.get("name")) == ("live_model", "live_model")
    (error,) = case
    assert (error.tag, error.get("type"), error.get("message")) == ("error", outcome.value, "because")
    assert error.text == "the end\nof its log"
    assert (root.get("tests"), root.get("errors"), root.get("failures")) == ("1", "1", "0")


def test_a_command_without_tests_that_passed_is_one_green_case(seed: Record) -> None:
    root = suite(
        junit(CheckResult("types", "core", Outcome.PASSED, True, "exit code 0", seconds=1.5), seed.header)
    )
    (case,) = root.findall("testcase")
    assert (len(case), case.get("time")) == (0, "1.500")
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["1", "0", "0", "0"]


def test_a_command_that_failed_or_was_skipped_without_tests(seed: Record) -> None:
    failed = suite(junit(CheckResult("types", "core", Outcome.FAILED, True, "exit code 1"), seed.header))
    assert failed.find("testcase/failure").get("message") == "exit code 1"
    skipped = suite(junit(CheckResult("live", "live", Outcome.SKIPPED, False, "no key"), seed.header))
    assert (skipped.find("testcase/skipped").get("message"), skipped.get("errors")) == ("no key", "0")


def test_the_seed_has_its_failure_its_skip_its_totals_and_its_properties(seed: Record) -> None:
    root = suite(junit(seed.checks[0], seed.header))
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["43", "1", "0", "1"]
    failed, skipped = root.findall("testcase")
    assert failed.get("classname") == "tests.smoke_optional.test_agent_proxy_validation_errors"
    assert failed.get("name") == "test_agent_proxy_headers_precedence"
    assert (
        failed.find("failure").get("message") == "AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}"
    )
    assert failed.find("failure").text.startswith(
        "tests/smoke_optional/test_agent_proxy_validation_errors.py:52 (blob 5f3c9e1d)\n"
    )
    assert skipped[0].get("message") == "no docker here"
    properties = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert properties["commit"] == seed.header.provenance.commit
    assert (properties["lane"], properties["outcome"], properties["command"]) == (
        "core",
        "failed",
        "pytest tests/smoke_optional",
    )


def test_every_test_has_a_case_when_all_are_given(seed: Record) -> None:
    check = replace(
        seed.checks[0],
        failures=(
            Failure("a.py::test_b", "call", "failure", "assert 1 == 2", "a.py:3"),
            Failure("a.py", "teardown", "error", "left open"),
        ),
        skips=(Skip("a.py::T::test_c[x::y]", "not today"),),
        counts=Counts(passed=1, failed=1, errors=1, skipped=1, xfailed=1),
    )
    tests = (
        ("a.py::test_a", "passed", 0.25),
        ("a.py::test_b", "failed", 0.5),
        ("a.py::T::test_c[x::y]", "skipped", 0.0),
        ("a.py::test_d", "xfailed", 0.0),
    )
    root = suite(junit(check, seed.header, tests))
    shown = [
        (case.get("classname"), case.get("name"), [child.tag for child in case])
        for case in root.iter("testcase")
    ]
    assert shown == [
        ("a", "test_a", []),
        ("a", "test_b", ["failure"]),
        ("a.T", "test_c[x::y]", ["skipped"]),
        ("a", "test_d", ["skipped"]),
        ("all_smokes_core", "a.py", ["error"]),
    ]
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "1", "1", "2"]
    assert root.find("testcase/skipped").get("message") == "not today"


def legal(character: str) -> bool:
    """Char of XML 1.0, section 2.2."""
    code = ord(character)
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code > 0xFFFF


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_comes_back_with_only_the_forbidden_escaped(seed: Record, text: str) -> None:
    check = CheckResult("x", "core", Outcome.ERROR, True, "because", command=text)
    properties = {
        one.get("name"): one.get("value") for one in suite(junit(check, seed.header)).iter("property")
    }
    shown = (c if legal(c) else c.encode("unicode_escape").decode() for c in text)
    assert properties["command"] == "".join(shown)


def test_characters_that_xml_forbids_are_shown_as_escapes(seed: Record) -> None:
    check = CheckResult("a\x00b\ud800\uffff", "core", Outcome.PASSED, True, "")
    assert suite(junit(check, seed.header)).get("name") == r"a\x00b\ud800\uffff"


def test_a_case_has_the_cause_of_its_failure_as_properties(seed: Record) -> None:
    failed, skipped = suite(junit(seed.checks[0], seed.header)).findall("testcase")
    properties = {one.get("name"): one.get("value") for one in failed.iter("property")}
    finding = seed.checks[0].findings[0]
    cause = finding.causes[0]
    assert {name: properties[f"readiness.{name}"] for name in ("class", "polluter", "state", "where")} == {
        "class": "victim", "polluter": cause.polluter, "state": cause.state, "where": cause.where,
    }  # fmt: skip
    assert finding.patch
    assert properties["readiness.patch"] == finding.patch.diff
    assert list(skipped.iter("property")) == []


def test_a_change_that_was_not_verified_is_no_patch(seed: Record) -> None:
    check = seed.checks[0]
    patch = replace(check.findings[0].patch, verified=False)
    finding = replace(check.findings[0], patch=patch, no_patch="it made other tests fail")
    text = junit(replace(check, findings=(finding,)), seed.header)
    assert "readiness.patch" not in text
    assert 'name="readiness.no_patch" value="it made other tests fail"' in text
