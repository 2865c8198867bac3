"""One result for each thing that is wrong and has a place: leaks, failures, checks, and what lint found."""

from __future__ import annotations

from functools import partial
from itertools import chain

from readiness.record.outcome import Outcome
from readiness.report import findings, wording
from readiness.report.plain import plain, plain_lines
from readiness.report.sarif.fixes import fix
from readiness.report.sarif.places import fingerprint, location, place
from readiness.report.sarif.rules import CHECK, ISOLATION, LINT, TEST, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Final

    from readiness.record.finding import Cause, Finding
    from readiness.record.record import Record
    from readiness.record.result import CheckResult, Failure, LintFinding

    Make = Callable[[], dict[str, Any] | None]
    """Makes a result; None where there is no place for it."""

LONGEST_MESSAGE: Final = 1000
FRAMES: Final = 8
LEVELS: Final = {"error": "error", "warning": "warning"}


def results(record: Record, most: int) -> tuple[list[dict[str, Any]], int]:
    """The first `most` results, and how many there would be more.

    Leaks first, since they explain the failures after them; then failures, checks without one, and lint.
    """
    bad = wording.against_it(record)
    made: Iterator[Make] = chain(
        (one for check in bad for one in _of_findings(check)),
        (partial(_of_failure, check, one) for check in bad for one in check.failures),
        (partial(_of_check, check) for check in bad if not check.failures),
        (partial(_of_lint, one) for one in record.lint),
    )
    found: list[dict[str, Any]] = []
    for make in made:
        if one := make():
            found.append(one)
        if len(found) == most:
            break
    _number(found)
    return found, sum(1 for _ in made)


def _number(found: list[dict[str, Any]]) -> None:
    """Tell apart those that are about the same, in their order."""
    seen: dict[str, int] = {}
    for one in found:
        mark = one["partialFingerprints"]["readiness/v1"]
        seen[mark] = seen.get(mark, 0) + 1
        one["partialFingerprints"]["readiness/v1"] = f"{mark}:{seen[mark]}"


def _of_findings(check: CheckResult) -> Iterator[Make]:
    told: set[tuple[str, str, str]] = set()
    for finding in check.findings:
        for cause in finding.causes:
            key = (cause.polluter, cause.state, cause.where)
            # One leak has one place, however many tests it makes fail.
            if key not in told:
                told.add(key)
                yield partial(_of_cause, check, finding, cause)


def _of_cause(check: CheckResult, finding: Finding, cause: Cause) -> dict[str, Any] | None:
    state = f"leaves {cause.state} changed ({cause.before} -> {cause.after})" if cause.state else "leaks"
    victims = [
        one.test for one in check.findings if any(_same(cause, each) for each in one.causes)
    ]  # fmt: skip
    more = f" and {len(victims) - 1} more" if len(victims) > 1 else ""
    text = (
        f"{cause.polluter} {state}, which makes {finding.test}{more} fail ({finding.kind.replace('_', ' ')})."
    )
    made = _result(
        rule(ISOLATION, finding.kind), _level(check), text, cause.where, cause.polluter,
        fingerprint("isolation", cause.polluter, cause.state),
    )  # fmt: skip
    if made is None:
        return None
    frames = [{"location": at} for frame in cause.stack[:FRAMES] if (at := location(frame))]
    if frames:
        made["stacks"] = [
            {"message": {"text": "Where it is written, and who called that."}, "frames": frames}
        ]
    failure = next((one for one in check.failures if findings.of_failure(check, one) == finding), None)
    if failure and (at := location(failure.where, finding.test)):
        made["relatedLocations"] = [
            {**at, "id": 1, "message": {"text": "The test that fails because of it."}}
        ]
    if finding.patch and (mended := fix(finding.patch)):
        made["fixes"] = [mended]
    return made


def _same(one: Cause, other: Cause) -> bool:
    return (one.polluter, one.state, one.where) == (other.polluter, other.state, other.where)


def _of_failure(check: CheckResult, failure: Failure) -> dict[str, Any] | None:
    where = failure.where if place(failure.where)[0] else check.place
    text = f"{failure.test or check.name}: {failure.message or failure.kind}"
    mark = fingerprint("test", check.name, failure.test, failure.kind, failure.phase)
    return _result(rule(TEST, failure.kind), _level(check), text, where, failure.test, mark)


def _of_check(check: CheckResult) -> dict[str, Any] | None:
    text = f"{check.name}: {wording.outcome_word(check.outcome)}: {check.reason}"
    level = "note" if check.outcome in (Outcome.SKIPPED, Outcome.INTERRUPTED) else _level(check)
    mark = fingerprint("check", check.name, check.outcome)
    return _result(rule(CHECK, check.outcome), level, text, check.place, "", mark)


def _of_lint(one: LintFinding) -> dict[str, Any] | None:
    text = f"{one.message}; {one.advice}" if one.advice else one.message
    path = place(one.where)[0]
    mark = fingerprint("lint", one.rule, path, one.message)
    return _result(rule(LINT, one.rule), LEVELS.get(one.severity, "note"), text, one.where, "", mark)


def _level(check: CheckResult) -> str:
    return "error" if check.required else "warning"


def _result(name: str, level: str, text: str, where: str, test: str, mark: str) -> dict[str, Any] | None:
    """None where there is no place in the project: code scanning shows nothing without one."""
    at = location(where, test)
    if at is None:
        return None
    return {
        "ruleId": name,
        "level": level,
        "message": {"text": _message(text)},
        "locations": [at],
        "partialFingerprints": {"readiness/v1": mark},
    }


def _message(text: str) -> str:
    shown = "\n".join(plain_lines(text[: 4 * LONGEST_MESSAGE])).strip()
    cut = shown if len(shown) <= LONGEST_MESSAGE else f"{shown[: LONGEST_MESSAGE - 1]}…"
    return cut or plain(text).strip()[:LONGEST_MESSAGE] or "No message was given."
