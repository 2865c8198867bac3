"""What the findings say of a run, and that nothing is said without evidence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.record.outcome import Outcome, Verdict
from readiness.record.result import LintFinding
from readiness.record.value import replace
from readiness.review.compose import compose
from readiness.review.document import NoEvidenceError, in_plain_text, stated
from readiness.review.render import markdown


def said(findings, title):
    """All sentences of a section, and what stands beneath them."""
    section = next(one for one in findings.sections if one.title == title)
    return "\n".join(f"{in_plain_text(one.text)}\n{one.block}" for one in section.statements)


def every_statement(findings):
    sections = [one for section in findings.sections for one in section.statements]
    return [findings.summary, *sections, *findings.unseen]


@pytest.fixture
def findings(red, rest_on, facts):
    return compose(red, rest_on(red, **facts))


def test_the_snapshot_has_the_command_the_first_test_and_its_values(findings):
    text = said(findings, "Regression snapshot")
    assert "STRICT_READY=1 readiness run" in text
    assert "The first failing test is `tests/test_headers.py::test_precedence`" in text
    assert "AssertionError: assert {} == {'X-Env': 'B'}" in text
    assert "victim of" not in text


def test_the_cause_names_the_line_and_how_it_was_proved(findings):
    text = said(findings, "Root cause")
    assert "cause class `leak`" in text
    assert "`proxy.Invoker` changed, from `class proxy.Invoker` to `class test_errors.Fake`" in text
    assert "written at `tests/test_errors.py:5`" in text
    assert "How it was proved: run again in copies of the failed process" in text
    cited = [one for said in findings.sections[1].statements for one in said.evidence if one.kind == "code"]
    assert ("tests/test_errors.py", 4, 6) in [(one.path, one.first, one.last) for one in cited]
    assert ("tests/test_headers.py", 4, 6) in [(one.path, one.first, one.last) for one in cited]


def test_only_a_verified_change_is_a_fix(red, smokes, finding, patch, rest_on, facts):
    def proposed(of):
        check = replace(smokes, findings=(replace(finding, patch=of, no_patch="it did not hold"),))
        record = replace(red, checks=(check,))
        return said(compose(record, rest_on(record, **facts)), "Proposed fix")

    assert 'monkeypatch.setattr(proxy, "Invoker", Fake)' in proposed(patch)
    assert "`python -m pytest tests` was run in a copy of the project with the change: 2 tests" in proposed(
        patch
    )
    assert "`test_precedence` failed before and passed then" in proposed(patch)
    unverified = proposed(replace(patch, verified=False))
    assert "monkeypatch" not in unverified
    assert "No verified change is on record for `test_precedence`: it did not hold." in unverified


def test_the_guard_is_named_with_its_place(findings, red, rest_on, facts):
    assert "The guard to add: `isolation: strict` on `smokes` (now `trace`)" in said(findings, "Proposed fix")
    strict = compose(red, rest_on(red, **{**facts, "isolation": {"smokes": "strict"}}))
    assert "The guard is in place" in said(strict, "Proposed fix")


def test_a_lane_that_ci_never_reaches_has_the_lines_and_the_day(findings):
    text = said(findings, "Lane status")
    assert "Lane `nd`: NOT RUN; no run on record reached it." in text
    assert "No CI job reaches lane `nd`, so nothing watches `smokes_nd` (`readiness.yml:9`)" in text
    assert "`.github/workflows/ci.yml:4` runs gate dev, which has core alone" in text
    assert "since commit `c2c2c2c2c2c2` of 2026-03-04, with which `readiness.yml:9` came" in text
    assert "CI reaches lane `core`" in text


def test_a_line_that_is_in_no_commit_has_no_since(red, rest_on, facts):
    blame = {place: one for place, one in facts["blame"].items() if place != "readiness.yml:9"}
    text = said(compose(red, rest_on(red, **{**facts, "blame": blame})), "Lane status")
    assert "Since when is not known: `readiness.yml:9` is in no commit yet." in text


def test_a_lane_that_no_gate_needs_is_said_by_its_line(red, rest_on, facts):
    lint = LintFinding(
        "unreached-lane", "warning", "readiness.yml:9", "no gate needs lane nd, so `a` never decides", "x"
    )
    record = replace(red, lint=(lint,))
    findings = compose(record, rest_on(record, **facts))
    assert "at `readiness.yml:9`: no gate needs lane nd, so `a` never decides." in said(
        findings, "Lane status"
    )
    assert "no gate needs" not in said(findings, "Notes")


def test_ci_files_that_cannot_be_shown_are_still_told(red, rest_on, facts):
    text = said(compose(red, rest_on(red, **{**facts, "now": {}, "blame": {}})), "Lane status")
    assert "No CI job reaches lane `nd`" in text
    assert "CI reaches lane `core`" in text


def test_notes_tell_lint_leaks_without_a_victim_and_what_holds(findings):
    text = said(findings, "Notes")
    assert "Lint, warning `duplicate-command` at `readiness.yml:11`: `b` runs what `a` runs" in text
    assert "leaves `proxy.LOG` changed, written at `tests/test_errors.py:6`; no test failed for it" in text
    assert "leaves `proxy.Invoker`" not in text
    assert "Holds: what `test_precedence` demands is right with `class proxy.Invoker` in place" in text
    lint = findings.sections[4].statements[0]
    assert [one.first for one in lint.evidence if one.kind == "code"] == [11, 7]


def test_the_steps_that_decide_come_first_each_with_its_command(findings):
    steps = [(one.command, one.decides) for one in findings.steps]
    assert steps[0] == ("readiness isolate --apply -- tests", True)
    assert steps[1] == ("STRICT_READY=1 readiness run", True)
    assert ("readiness run --lane nd", False) in steps
    assert [decides for _, decides in steps] == sorted((decides for _, decides in steps), reverse=True)
    assert len({command for command, _ in steps}) == len(steps)


def test_what_was_not_looked_at_is_said(red, smokes, rest_on, facts):
    hidden = replace(smokes, findings=(), failures_left_out=7)
    record = replace(red, checks=(hidden,))
    more = {
        **facts,
        "isolation": {"smokes": "off"},
        "changed": "the files have changed since",
        "config_fault": "gone",
    }
    text = "\n".join(in_plain_text(one.text) for one in compose(record, rest_on(record, **more)).unseen)
    assert "Lane `nd`: `smokes_nd` was not in this run." in text
    assert "7 more failures of `smokes`." in text
    assert "Whether a leak makes `tests/test_headers.py::test_precedence` fail" in text
    assert "The files have changed since" in text
    assert "the configuration cannot be read now (gone)" in text


def test_a_failure_is_told_once_where_two_checks_share_it(red, smokes, rest_on, facts):
    legacy = replace(smokes, name="all", required=False, findings=())
    record = replace(red, checks=(smokes, legacy))
    findings = compose(record, rest_on(record, **facts))
    text = said(findings, "Root cause")
    assert text.count("cause class") == 1
    assert "`all` fails in tests that `smokes` fails in too: `test_precedence`." in text
    assert not any("all" in one.command.split() for one in findings.steps)


def test_what_left_the_question_open_has_no_cause(red, smokes, rest_on, facts):
    cut = replace(
        smokes, outcome=Outcome.INTERRUPTED, failures=(), findings=(), reason="the run ended while it ran"
    )
    record = replace(red, checks=(cut,), interrupted="killed")
    findings = compose(record, rest_on(record, **facts))
    text = said(findings, "Root cause")
    assert "`smokes` is interrupted, so there is no cause to name: the run ended while it ran." in text
    assert "cause class" not in text
    assert findings.steps[0].command == "readiness run --resume"
    assert any("The run was cut short: killed." in one.text for one in findings.unseen)


def test_a_skip_decides_only_where_the_gate_is_strict(red, smokes, rest_on, facts):
    skipped = replace(
        smokes, outcome=Outcome.SKIPPED, failures=(), findings=(), reason="needs A_KEY, which is not set"
    )

    def first_step(strict):
        record = replace(red, checks=(skipped,), header=replace(red.header, strict=strict))
        findings = compose(record, rest_on(record, **facts))
        assert "cause class `environment`: needs A_KEY, which is not set" in said(findings, "Root cause")
        return findings.steps[0].decides

    assert first_step(strict=True)
    assert not first_step(strict=False)


def test_the_first_failing_test_is_the_first_that_is_a_test(red, smokes, rest_on, facts):
    command = replace(
        smokes, name="make", failures=(), findings=(), reason="the command ended with exit code 2"
    )
    record = replace(red, checks=(command, smokes))
    text = said(compose(record, rest_on(record, **facts)), "Regression snapshot")
    assert "The required check `make` ended failed: the command ended with exit code 2." in text
    assert f"The first failing test is `{smokes.failures[0].test}`" in text


def test_a_thousand_red_checks_are_still_read_in_minutes(red, smokes, rest_on):
    many = tuple(replace(smokes, name=f"smokes_{number}") for number in range(1000))
    record = replace(red, checks=many)
    findings = compose(record, rest_on(record))
    assert len(markdown(findings)) < 100_000
    unseen = [in_plain_text(one.text) for one in findings.unseen]
    assert any(one.startswith("980 more checks that did not pass: `smokes_20`") for one in unseen)


def test_ready_is_brief(red, smokes, rest_on, facts):
    passed = replace(smokes, outcome=Outcome.PASSED, failures=(), findings=(), reason="2 tests passed")
    record = replace(
        red, checks=(passed,), verdict=Verdict.READY, reasons=("1 required check passed",), lint=()
    )
    findings = compose(record, rest_on(record, **facts))
    assert [one.title for one in findings.sections] == ["Lane status", "Notes"]
    assert in_plain_text(findings.summary.text).endswith("gate `dev`: 1 required check passed.")
    assert [one.command for one in findings.steps] == ["readiness run --lane nd"]


def test_a_sentence_without_evidence_is_refused():
    with pytest.raises(NoEvidenceError, match="the moon"):
        stated("It is the moon's doing.", None)


@settings(max_examples=30)
@given(st.data())
def test_whatever_the_record_says_each_sentence_has_evidence(any_record, rest_on, data):
    record = any_record(data)
    findings = compose(record, rest_on(record))
    assert all(one.evidence for one in every_statement(findings))
    assert all(one.evidence for one in findings.steps)
    assert markdown(findings) == markdown(compose(record, rest_on(record)))
