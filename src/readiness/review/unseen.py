"""What was not looked at, and so nothing is said of."""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.report import wording
from readiness.review.document import name, names, stated, words
from readiness.review.regression import MOST_CHECKS, MOST_SHOWN, told_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.record.record import Record
    from readiness.record.result import CheckResult
    from readiness.review.document import Statement
    from readiness.review.sources import Sources


def unseen(record: Record, sources: Sources) -> tuple[Statement, ...]:
    started = sources.started()
    said = [
        *(one for check in _told(record) for one in _check(check, sources)),
        *_beyond(record, sources),
        *_causes(record, sources),
        *(
            _left_out(lane, record, sources)
            for lane in dict.fromkeys(one.lane for one in record.header.left_out)
        ),
    ]
    if sources.changed:
        said.append(
            stated(f"{_capital(words(sources.changed))}: lines without a blob are those of now.", started)
        )
    if sources.config_fault:
        why = f"CI files and the lanes they reach: the configuration cannot be read now ({words(sources.config_fault)})."
        said.append(stated(why, started))
    if sources.history_fault:
        said.append(stated(f"Earlier runs: {words(sources.history_fault)}.", started))
    if record.interrupted:
        said.append(
            stated(f"The run was cut short: {words(record.interrupted)}.", sources.reported("interrupted"))
        )
    return tuple(said)


def _told(record: Record) -> list[CheckResult]:
    """Checks that passed, or that are told of, in the order of the plan."""
    # By identity: comparing each of thousands with each of the others would take minutes.
    beyond = set(map(id, wording.against_it(record)[MOST_CHECKS:]))
    return [check for check in record.checks if id(check) not in beyond]


def _beyond(record: Record, sources: Sources) -> Iterator[Statement]:
    """Checks that did not pass beyond those that are told of."""
    rest = wording.against_it(record)[MOST_CHECKS:]
    if rest:
        which, number = names([one.name for one in rest]), wording.plural(len(rest), "more check")
        yield stated(f"{number} that did not pass: {which}.", *(sources.check(one.name) for one in rest[:5]))


def _left_out(lane: str, record: Record, sources: Sources) -> Statement:
    which = names([one.name for one in record.header.left_out if one.lane == lane])
    return stated(f"Lane {name(lane)}: {which} was not in this run.", sources.started('"left_out"'))


def _check(check: CheckResult, sources: Sources) -> Iterator[Statement]:
    told = sources.told(check.name)
    if check.outcome in wording.DID_NOT_RUN:
        yield stated(f"{name(check.name)} did not run: {words(check.reason)}.", told)
    if check.cached_from:
        since = f"its inputs are those of run {name(check.cached_from)}"
        yield stated(f"{name(check.name)} was not run again: {since}.", told)
    hidden = max(0, len(check.failures) - MOST_SHOWN) + check.failures_left_out
    if hidden:
        yield stated(f"{wording.plural(hidden, 'more failure')} of {name(check.name)}.", told)
    if check.trials and check.trials.reached:
        spent = words(check.trials.reached)
        yield stated(f"More trials of {name(check.name)}: its budget of {spent} was spent.", told)


def _causes(record: Record, sources: Sources) -> Iterator[Statement]:
    """Whether a leak explains a failure: where nobody asked, or nobody could tell. One check may tell for another."""
    explained = {one.test for check in record.checks for one in check.findings}
    for check in told_of(record):
        yield from _cause(check, explained, sources)


def _cause(check: CheckResult, explained: set[str], sources: Sources) -> Iterator[Statement]:
    told = sources.told(check.name)
    open_ones = [one.test for one in check.failures if one.test and one.test not in explained]
    failed = check.outcome in (Outcome.FAILED, Outcome.ERROR)
    if failed and open_ones and check.name in sources.isolate and sources.isolation.get(check.name) == "off":
        why = f"{name(check.name)} has {name('isolation: off')}; {name(_isolate(check, sources))} tells"
        yield stated(
            f"Whether a leak makes {names(open_ones, 3)} fail: {why}.", told, sources.line(check.place)
        )
    for finding in check.findings:
        if finding.kind == "unjudged":
            why = words("; ".join(finding.notes)) or "the failure could not be repeated"
            yield stated(f"Why {name(finding.test)} fails: {why}.", told)


def _isolate(check: CheckResult, sources: Sources) -> str:
    return f"readiness isolate -- {sources.isolate[check.name]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
