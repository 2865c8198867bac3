"""`junit/<check>.xml`: what CI systems read. A check that did not pass is never green in it.

The form is the one that the Jenkins and GitLab readers share: testsuites, testsuite, properties, testcase with
failure, error or skipped. It has no word for hollow, timed out or not run: those are errors here.
"""

from __future__ import annotations

import re
from functools import cache

from readiness.record.outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.record.record import Header
    from readiness.record.result import CheckResult, Failure, Skip

RED_AS_ERROR = frozenset(Outcome) - {Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED}
"""Outcomes that JUnit has no word for and that must not look like a pass."""


def render(check: CheckResult, header: Header) -> str:
    """One check as one test suite."""
    cases = [*map(_failed_case, check.failures), *map(_skipped_case, check.skips)]
    failures, errors, skipped = _totals(check)
    own = _own_case(check)
    if own:
        cases.append(own)
    total = max(_tests(check), len(cases))
    body = "".join(cases)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<testsuites><testsuite name="{_text(check.name)}" tests="{total}" failures="{failures}" '
        f'errors="{errors}" skipped="{skipped}" time="{check.seconds:.3f}" timestamp="{_text(check.started_at)}">'
        f"{_properties(check, header)}{body}</testsuite></testsuites>\n"
    )


def _totals(check: CheckResult) -> tuple[int, int, int]:
    """Failures, errors and skips; the check's own outcome counts where no test record carries it."""
    counts = check.counts
    failures, errors, skipped = counts.failed, counts.errors, counts.skipped
    if check.outcome is Outcome.FAILED and not failures:
        failures = 1
    if check.outcome in RED_AS_ERROR and not errors:
        errors = 1
    if check.outcome is Outcome.SKIPPED and not skipped:
        skipped = 1
    return failures, errors, skipped


def _tests(check: CheckResult) -> int:
    return check.counts.executed + check.counts.errors + check.counts.skipped


def _own_case(check: CheckResult) -> str:
    """A test case for the command itself, where no test record says how it ended."""
    name, reason = _text(check.name), _text(check.reason)
    opening = f'<testcase classname="readiness" name="{name}" time="{check.seconds:.3f}">'
    if check.outcome in RED_AS_ERROR:
        return f'{opening}<error type="{check.outcome}" message="{reason}">{_text(check.last_output)}</error></testcase>'
    if check.outcome is Outcome.FAILED and not check.counts.failed:
        return f'{opening}<failure type="failed" message="{reason}">{_text(check.last_output)}</failure></testcase>'
    if check.outcome is Outcome.SKIPPED:
        return f'{opening}<skipped message="{reason}"/></testcase>'
    return "" if _tests(check) else f"{opening}</testcase>"


def _failed_case(one: Failure) -> str:
    kind = "failure" if one.kind in ("failure", "swallowed") else "error"
    where = f' file="{_text(one.where)}"' if one.where else ""
    return (
        f'<testcase classname="{_text(one.test.partition("::")[0])}" name="{_text(one.test)}"{where}>'
        f'<{kind} type="{_text(one.kind)} in {_text(one.phase)}" message="{_text(one.message)}">'
        f"{_text(one.details)}</{kind}></testcase>"
    )


def _skipped_case(one: Skip) -> str:
    return (
        f'<testcase classname="{_text(one.test.partition("::")[0])}" name="{_text(one.test)}">'
        f'<skipped message="{_text(one.reason)}"/></testcase>'
    )


def _properties(check: CheckResult, header: Header) -> str:
    facts = {
        "lane": check.lane,
        "outcome": check.outcome,
        "required": str(check.required).lower(),
        "ran_against": check.ran_against,
        "command": check.command,
        "commit": header.provenance.commit,
        "dirty_digest": header.provenance.dirty_digest,
        "run": header.run_id,
    }
    return (
        "<properties>"
        + "".join(f'<property name="{k}" value="{_text(v)}"/>' for k, v in _given(facts))
        + "</properties>"
    )


def _given(facts: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, fact) for name, fact in facts.items() if fact)


@cache
def _forbidden() -> re.Pattern[str]:
    return re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _text(text: str) -> str:
    """Escaped for element and attribute; characters that XML 1.0 (section 2.2) forbids become U+FFFD."""
    if not (text.isascii() and text.isprintable()):
        text = _forbidden().sub("\ufffd", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
