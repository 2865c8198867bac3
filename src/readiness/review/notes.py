"""Section 5: what does not decide and should be heard: lint, checks that prove nothing, leaks, and what holds."""

from __future__ import annotations

import re

from readiness.record.outcome import Outcome, RanAgainst
from readiness.report import wording
from readiness.review.document import Section, marked, name, names, short, stated, words
from readiness.review.fix import leaks
from readiness.review.regression import MOST_SHOWN, told_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.finding import Finding, LeftOver
    from readiness.record.record import Record
    from readiness.record.result import CheckResult, LintFinding
    from readiness.review.document import Evidence, Statement
    from readiness.review.sources import Sources

ELSEWHERE: Final = frozenset({"unreached-lane"})
"""Rules whose findings stand in another section."""
MOST_LEFT_OVER: Final = 10
_PLACE: Final = re.compile(r"[^\s`(),;:]+:\d+")


def notes(record: Record, sources: Sources) -> Section:
    said = (
        *(_lint(one, sources) for one in record.lint if one.rule not in ELSEWHERE),
        *(one for check in told_of(record) for one in _proves_nothing(check, sources)),
        *(one for check in record.checks for one in _skips(check, sources)),
        *_left_over(record, sources),
        *(one for check in told_of(record) for one in _contracts(check, sources)),
        *(one for check in record.checks for one in _holds(check, sources)),
    )
    return Section("Notes", said or (stated("Lint found nothing.", sources.reported("lint")),))


def _lint(one: LintFinding, sources: Sources) -> Statement:
    """With every other line that the message names."""
    others = [sources.line(place) for place in _PLACE.findall(one.message)]
    at = f" at {name(one.where)}" if one.where not in one.message else ""
    said = f"Lint, {one.severity} {name(one.rule)}{at}: {marked(one.message)}. To do: {marked(one.advice)}."
    return stated(said, sources.line(one.where), *others, sources.reported("lint"), quoted=True)


def _proves_nothing(check: CheckResult, sources: Sources) -> Iterator[Statement]:
    told = sources.told(check.name)
    kind = "" if check.required else " (optional)"
    if check.outcome is Outcome.HOLLOW:
        cited = [sources.line(place) for place in _PLACE.findall(check.reason)]
        yield stated(f"{name(check.name)}{kind} proves nothing: {marked(check.reason)}.", told, *cited)


def _skips(check: CheckResult, sources: Sources) -> Iterator[Statement]:
    told, kind = sources.told(check.name), "" if check.required else " (optional)"
    if check.skips:
        which = names([one.test for one in check.skips], 3)
        why = words(check.skips[0].reason) or "no reason given"
        number = wording.plural(len(check.skips) + check.skips_left_out, "test")
        yield stated(f"{name(check.name)}{kind} skipped {number}: {which} ({why}).", told)


def _left_over(record: Record, sources: Sources) -> Iterator[Statement]:
    """State that is changed at the end and made no test fail: the next victim's. Each once, whichever checks saw it."""
    blamed = {cause.state for check in record.checks for one in check.findings for cause in one.causes}
    found: dict[tuple[str, str], tuple[LeftOver, str]] = {}
    for check in record.checks:
        for one in check.left_over:
            if one.state not in blamed:
                found.setdefault((one.by, one.state), (one, check.name))
    for one, check_name in list(found.values())[:MOST_LEFT_OVER]:
        told = sources.told(check_name, quoted=one.state)
        at = f", written at {name(one.where)}" if one.where else ""
        said = f"{name(one.by)} leaves {name(one.state)} changed{at}; no test failed for it."
        yield stated(said, told, sources.line(one.where))
    if len(found) > MOST_LEFT_OVER:
        more = wording.plural(len(found) - MOST_LEFT_OVER, "more name")
        yield stated(f"{more} left changed, without a test that failed for it.", sources.reported("checks"))


def _contracts(check: CheckResult, sources: Sources) -> Iterator[Statement]:
    told = sources.told(check.name)
    for finding in leaks(check)[:MOST_SHOWN]:
        if finding.kind == "victim":
            yield _contract(finding, told, sources)


def _holds(check: CheckResult, sources: Sources) -> Iterator[Statement]:
    if check.outcome is Outcome.PASSED:
        told = sources.told(check.name)
        against = wording.AGAINST[check.ran_against]
        proved = (
            f", against {against}" if check.ran_against is not RanAgainst.HERMETIC else f", with {against}"
        )
        yield stated(f"Holds: {name(check.name)}: {words(check.reason)}{proved}.", told)


def _contract(finding: Finding, told: Evidence | None, sources: Sources) -> Statement:
    """The counterfactual shows both: that the leak breaks the test, and that the code does what the test asks."""
    genuine = names([one.before for one in finding.causes if one.state])
    place = f" with {genuine} in place" if genuine else " without what the other test leaves behind"
    said = f"Holds: what {short(finding.test)} demands is right{place}: run so, it passes."
    return stated(said, told, sources.test(finding.test))
