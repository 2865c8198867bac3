"""`junit/<check>.xml`: what CI systems read. A check that did not pass is never green in it.

The elements are those of the Jenkins schema that pytest writes too (junit-10): one testsuite of properties and test
cases, each with at most one of `failure`, `error` and `skipped`. A case whose cause was found has properties of its own,
as pytest's `record_property` writes them and GitLab and Jenkins read them. JUnit has no word for hollow, timed out, flaky,
inconclusive, not run or interrupted: those are errors of that type here.
"""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.report import answered, findings, trials
from readiness.report.plain import code_lines, plain, plain_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Final

    from readiness.record.finding import Finding
    from readiness.record.record import Header
    from readiness.record.result import CheckResult, Counts, Failure

    Test = tuple[str, str, float]
    """A test's id, how it ended (in the words of `Counts`, in the singular), and its seconds."""
    Case = tuple[str, str, str, str]
    """A test's id, its seconds (empty when unknown), the name of the element in it (empty when it passed), and that
    element whole."""

RED: Final = ("failure", "error")
HOW: Final = {"failed": "failure", "error": "error", "skipped": "skipped", "xfailed": "skipped"}
"""The element that says how a test ended; the other ways have none."""

UNSAYABLE: Final = {code: f"\\x{code:02x}" for code in range(32) if code not in (9, 10, 13)} | {
    0xFFFE: "\\ufffe",
    0xFFFF: "\\uffff",
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    ord("\t"): "&#9;",
    ord("\n"): "&#10;",
    ord("\r"): "&#13;",
}
"""Characters that XML 1.0 (section 2.2) forbids, and those that need an escape in text or attribute."""


def junit(check: CheckResult, header: Header, tests: Iterable[Test] = ()) -> str:
    """One check as a test suite.

    With `tests` every test has its case. Without them the failures and skips of the record have; the totals
    then come from its counts, and a case for the command itself carries what no test does.
    """
    listed = tuple(tests)
    cases = [*(_all_cases(check, listed) if listed else _known_cases(check))]
    own = _own_case(check, cases)
    totals = _totals(check.counts, cases, own, listed=bool(listed))
    found = {one.test: one for one in check.findings}
    shown = "".join(f"{_case(check, case, found)}\n" for case in (*cases, *own))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<testsuite{_attributes(name=check.name or '?', **totals, time=f'{check.seconds:.3f}')}"
        f"{_attributes(timestamp=check.started_at, hostname=header.host)}>\n"
        f"<properties>\n{''.join(_properties(check, header))}</properties>\n{shown}</testsuite>\n"
    )


def _all_cases(check: CheckResult, tests: tuple[Test, ...]) -> Iterator[Case]:
    """A case for every test, and for each failure that belongs to none of them."""
    left: dict[str, list[Failure]] = {}
    for failure in check.failures:
        left.setdefault(failure.test, []).append(failure)
    reasons = {skip.test: skip.reason for skip in check.skips}
    for test, ended, seconds in tests:
        how = HOW.get(ended, "")
        if how in RED and left.get(test):
            failure = left[test].pop(0)
            yield test, f"{seconds:.3f}", _kind(failure), _failure(failure)
        else:
            yield test, f"{seconds:.3f}", how, _element(how, ended, reasons.get(test, "")) if how else ""
    for failures in left.values():
        for failure in failures:
            yield failure.test, "", _kind(failure), _failure(failure)


def _known_cases(check: CheckResult) -> Iterator[Case]:
    for failure in check.failures:
        yield failure.test, "", _kind(failure), _failure(failure)
    for skip in check.skips:
        yield skip.test, "", "skipped", _element("skipped", "skipped", skip.reason, skip.where)


def _own_case(check: CheckResult, cases: list[Case]) -> list[Case]:
    """The command itself, where no test shows how the check ended."""
    red = any(how in RED for _, _, how, _ in cases)
    seconds = f"{check.seconds:.3f}"
    if check.outcome is Outcome.PASSED:
        shown = any(not how for _, _, how, _ in cases)
        return [] if shown else [(check.name, seconds, "", "")]
    if check.outcome in (Outcome.FAILED, Outcome.ERROR) and red:
        return []
    how = {Outcome.FAILED: "failure", Outcome.SKIPPED: "skipped"}.get(check.outcome, "error")
    return [(check.name, seconds, how, _element(how, check.outcome, check.reason, check.last_output))]


def _totals(counts: Counts, cases: list[Case], own: list[Case], *, listed: bool) -> dict[str, int]:
    """What the suite's attributes say: the cases counted, or the record's counts where not every test has a case."""
    totals = {
        "tests": len(cases),
        "failures": sum(how == "failure" for _, _, how, _ in cases),
        "errors": sum(how == "error" for _, _, how, _ in cases),
        "skipped": sum(how == "skipped" for _, _, how, _ in cases),
    }
    if not listed:
        known = counts.executed + counts.errors + counts.skipped
        recorded = (known, counts.failed, counts.errors, counts.skipped + counts.xfailed)
        totals = {name: max(totals[name], number) for name, number in zip(totals, recorded, strict=True)}
    for _, _, how, _ in own:
        totals["tests"] += 1
        for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            totals[name] += how == element
    return totals


def _properties(check: CheckResult, header: Header) -> Iterator[str]:
    code = header.provenance
    for name, fact in (
        ("lane", check.lane),
        ("outcome", check.outcome),
        ("required", str(check.required).lower()),
        ("ran_against", check.ran_against),
        ("command", check.command),
        ("commit", code.commit),
        ("dirty_digest", code.dirty_digest),
        ("interpreter", check.interpreter or header.interpreter),
        ("run", header.run_id),
        ("log", check.log),
        ("cause", check.cause),
        ("answered_by", plain(answered.line(check))),
        *_trials(check),
    ):
        if fact:
            yield f"<property{_attributes(name=name, value=fact)}/>\n"


def _trials(check: CheckResult) -> Iterator[tuple[str, str]]:
    if check.trials:
        for one in check.trials.tests:
            yield f"trials {one.test or 'the command'}", plain(trials.line(one))


def _case(check: CheckResult, case: Case, found: Mapping[str, Finding]) -> str:
    test, seconds, how, element = case
    if how in RED and test in found:
        element = f"<properties>\n{''.join(_of_finding(found[test]))}</properties>{element}"
    nodes, bracket, parameters = test.partition("[")
    path, _, name = nodes.rpartition("::")
    classname = (
        path.removesuffix(".py").replace(".py::", ".").replace("/", ".").replace("::", ".") or check.name
    )
    attributes = _attributes(classname=classname, name=f"{name}{bracket}{parameters}" or "?", time=seconds)
    return f"<testcase{attributes}>{element}</testcase>" if element else f"<testcase{attributes}/>"


def _of_finding(finding: Finding) -> Iterator[str]:
    """Class, then of the first cause who, what and where; and the diff that mends it, if it was verified."""
    cause = finding.causes[0] if finding.causes else None
    patch = finding.patch
    for name, fact in (
        ("class", finding.kind),
        ("polluter", cause.polluter if cause else ""),
        ("state", cause.state if cause else ""),
        ("where", cause.where if cause else ""),
        ("proof", cause.proof if cause else ""),
        ("patch", patch.diff if patch and patch.verified and findings.fits(patch) else ""),
        ("no_patch", finding.no_patch),
    ):
        if fact:
            shown = "\n".join(code_lines(fact)) if name == "patch" else plain(fact)
            yield f"<property{_attributes(name=f'readiness.{name}', value=shown)}/>\n"


def _kind(failure: Failure) -> str:
    return "failure" if failure.kind in ("failure", "swallowed") else "error"


def _failure(failure: Failure) -> str:
    at = failure.where + (f" (blob {failure.blob})" if failure.blob else "")
    details = failure.details or failure.message
    return _element(
        _kind(failure), f"{failure.kind} in {failure.phase}", failure.message, f"{at}\n{details}".strip()
    )


def _element(name: str, kind: str, message: str, text: str = "") -> str:
    body = _escaped("\n".join(plain_lines(text)))
    return f"<{name}{_attributes(type=kind, message=plain(message))}>{body}</{name}>"


def _attributes(**named: object) -> str:
    return "".join(f' {name}="{_escaped(str(member))}"' for name, member in named.items() if str(member))


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().translate(UNSAYABLE)
