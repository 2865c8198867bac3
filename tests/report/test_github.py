"""GitHub gets what fits, the most important first, and is told what did not fit."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.record.outcome import Outcome
from readiness.record.record import Record
from readiness.record.result import CheckResult, Failure, LintFinding
from readiness.record.value import replace
from readiness.report.github import (
    COMMENT_BYTES,
    LONGEST_MESSAGE,
    PER_LEVEL,
    SUMMARY_BYTES,
    annotation_commands,
    comment,
    job_summary,
    marker,
)
from readiness.report.project_ready import project_ready

COMMAND = re.compile(
    r"::(error|warning|notice) ((?:file|line|title)=[^,:\r\n]*(?:,(?:line|title)=[^,:\r\n]*)*)::([^\r\n]*)"
)


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner reads it."""
    match = COMMAND.fullmatch(line)
    assert match, line
    properties = dict(pair.split("=", 1) for pair in match[2].split(","))
    return (
        match[1],
        {name: urllib.parse.unquote(value) for name, value in properties.items()},
        urllib.parse.unquote(match[3]),
    )


def failing(
    name: str, *, failures: int = 1, required: bool = True, outcome: Outcome = Outcome.FAILED
) -> CheckResult:
    found = tuple(
        Failure(f"{name}.py::test_{at}", "call", "failure", f"assert {at}", f"{name}.py:{at + 1}")
        for at in range(failures)
    )
    return CheckResult(
        name, "core", outcome, required, f"{name} is wrong", failures=found, place="readiness.yml:7:5"
    )


def test_the_seed_has_its_failure_on_its_line_then_the_rest(seed: Record) -> None:
    first, second, leak, third, fourth = map(parsed, annotation_commands(seed))
    assert first[0] == "error"
    assert first[1] == {
        "file": "tests/smoke_optional/test_agent_proxy_validation_errors.py",
        "line": "52",
        "title": "all_smokes_core: failed",
    }
    assert first[2].endswith("AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}")
    assert (second[0], second[1]["title"]) == ("error", "smokes_nd_real: not run")
    assert leak[1]["file"] == "tests/smoke_optional/test_agent_proxy_headers_and_errors.py"
    assert (leak[0], leak[1]["line"], leak[1]["title"]) == ("error", "47", "all_smokes_core: leak")
    assert leak[2].startswith(
        "leaves agent_proxy.HttpToolsInvoker changed, which makes tests/smoke_optional/"
    )
    assert (third[0], third[1]["file"], third[1]["line"]) == ("warning", "readiness.yml", "31")
    assert (fourth[0], fourth[1]["title"]) == ("warning", "shim_docs (optional): hollow")


def test_each_required_check_comes_before_any_second_failure_and_failed_before_the_rest(seed: Record) -> None:
    record = replace(
        seed,
        checks=(
            failing("a", failures=3),
            failing("b", outcome=Outcome.ERROR),
            failing("c"),
            failing("d", required=False),
        ),
        lint=(LintFinding("r", "note", "x:1", "m", "a"), LintFinding("r", "error", "y:2", "m", "a")),
    )
    shown = [
        (level, properties.get("file")) for level, properties, _ in map(parsed, annotation_commands(record))
    ]
    assert shown == [
        ("error", "a.py"),
        ("error", "c.py"),
        ("error", "b.py"),
        ("error", "a.py"),
        ("error", "a.py"),
        ("error", "y"),
        ("warning", "d.py"),
        ("notice", "x"),
    ]


def test_no_level_has_more_than_github_shows_and_the_rest_is_counted(seed: Record) -> None:
    record = replace(
        seed,
        checks=tuple(failing(f"c{at}", required=at % 2 == 0) for at in range(40)),
        lint=tuple(LintFinding("r", "note", f"x:{at}", "m", "a") for at in range(40)),
    )
    shown = list(map(parsed, annotation_commands(record)))
    levels = [level for level, _, _ in shown]
    assert {level: levels.count(level) for level in levels} == {"error": 10, "warning": 10, "notice": 10}
    assert (
        shown[-1][2]
        == "10 errors, 10 warnings, 31 notices left out here: GitHub shows ten of each; see the job's summary"
    )


def test_a_check_without_failures_points_at_its_place_in_the_configuration(seed: Record) -> None:
    record = replace(seed, checks=(failing("a", failures=0, outcome=Outcome.TIMED_OUT),), lint=())
    ((_, properties, message),) = map(parsed, annotation_commands(record))
    assert properties == {"file": "readiness.yml", "line": "7", "title": "a: timed out"}
    assert message == "a is wrong"


def test_what_went_well_is_not_annotated(ready: Record) -> None:
    assert annotation_commands(ready) == ()


@given(data=st.data())
def test_no_text_breaks_out_of_its_command(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject
) -> None:
    commands = annotation_commands(any_record(data))
    assert len(commands) <= 3 * PER_LEVEL
    for line in commands:
        assert len(line.splitlines()) == 1
        _, properties, message = parsed(line)
        assert len(message) <= LONGEST_MESSAGE
        assert "\x1b" not in message + properties["title"]
        assert properties.get("line", "0").isdigit()


def test_a_long_message_is_cut(seed: Record) -> None:
    check = replace(failing("a"), failures=(Failure("t", "call", "failure", "x" * 100_000, "a.py:1"),))
    message = parsed(annotation_commands(replace(seed, checks=(check,), lint=()))[0])[2]
    assert len(message) == LONGEST_MESSAGE
    assert message.endswith("x …")


def test_the_summary_of_a_usual_run_is_the_whole_report(seed: Record) -> None:
    assert job_summary(seed) == project_ready(seed)


@pytest.mark.parametrize("limit", [30_000, 200_000, SUMMARY_BYTES])
def test_a_huge_summary_is_cut_to_its_limit_and_says_so(seed: Record, limit: int) -> None:
    record = replace(seed, checks=tuple(failing(f"check_{at}") for at in range(5000)))
    text = job_summary(record, limit)
    assert len(text.encode()) <= limit
    assert text.startswith("# NOT READY\n")
    stories, table = text.partition("## Checks")[::2]
    left = re.search(r"(\d+) more of 5000 checks left out here; see report.json", stories)
    assert left
    assert 5000 - int(left[1]) == stories.count("### ") > 0
    assert "more of 5000 checks left out here" in table
    assert "STRICT_READY=1 readiness run --gate deploy" in table


def test_a_comment_starts_with_the_mark_of_its_gate_and_tells_the_fix(seed: Record) -> None:
    lines = comment(seed).splitlines()
    assert lines[:2] == ["<!-- readiness: gate deploy -->", "# ✘ NOT READY"]
    assert "```diff" in lines
    assert "## Lanes" in lines
    assert "## The run" not in lines
    assert comment(seed) == comment(seed)


@given(st.text(st.characters(exclude_categories=())), st.text())
def test_no_name_of_a_gate_ends_its_mark_or_has_that_of_another(one: str, other: str) -> None:
    mark = marker(one)
    assert mark.isascii()
    assert mark.count(">") == 1
    assert mark.count("\n") == 0
    if one.isascii() and other.isascii() and one != other:
        assert marker(other) != mark


def test_a_huge_comment_is_cut_to_what_github_takes(seed: Record) -> None:
    record = replace(seed, checks=tuple(failing(f"check_{at}", failures=3) for at in range(3000)))
    record = replace(record, reasons=("é" * 300_000,) * 50)
    text = comment(record)
    assert 10_000 < len(text.encode()) <= COMMENT_BYTES
    assert "more of 3000 checks left out here" in text


@settings(max_examples=40)
@given(data=st.data())
def test_any_comment_fits(any_record: Callable[[st.DataObject], Record], data: st.DataObject) -> None:
    record = any_record(data)
    text = comment(replace(record, checks=record.checks * 40))
    assert len(text.encode("utf-8", "backslashreplace")) <= COMMENT_BYTES
    assert text.startswith("<!-- readiness: gate ")
    assert "\x1b" not in text


def test_a_line_that_leaks_has_one_remark_however_many_tests_it_makes_fail(seed: Record) -> None:
    check = seed.checks[0]
    others = tuple(replace(check.findings[0], test=f"a.py::test_{n}") for n in range(5))
    many = replace(check, findings=(*check.findings, *others))
    shown = [parsed(line) for line in annotation_commands(replace(seed, checks=(many,)))]
    (leak,) = [message for _, properties, message in shown if properties["title"].endswith(": leak")]
    assert leak.endswith("test_agent_proxy_headers_precedence and 5 more tests fail")
