"""Section 2: the class of each failure's cause, what caused it by file and line, and how that was proved."""

from __future__ import annotations

from readiness.gate.cause_class import classify
from readiness.gate.verdict import OPEN
from readiness.report import wording
from readiness.review.document import Section, marked, name, names, short, shorts, stated, words
from readiness.review.regression import MOST_SHOWN, told_of
from readiness.review.sources import commit, earlier_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.gate.cause_class import CauseClass
    from readiness.record.finding import Cause, Finding
    from readiness.record.record import Record
    from readiness.record.result import CheckResult, Failure
    from readiness.review.document import Evidence, Statement
    from readiness.review.sources import Sources


def root_cause(record: Record, sources: Sources) -> Section:
    bad = told_of(record)
    if not bad:
        nothing = stated("Nothing failed, so nothing has a cause.", sources.reported("reasons"))
        return Section("Root cause", (nothing,))
    told: dict[str, str] = {}
    return Section("Root cause", tuple(said for check in bad for said in _check(check, sources, told)))


def has_no_cause(check: CheckResult) -> bool:
    """Whether a check left the question open, and not because of its infrastructure."""
    return check.outcome in OPEN and not check.cause


def cause_of(check: CheckResult, failure: Failure | None, sources: Sources) -> CauseClass:
    earlier = sources.earlier(check.name, failure.test if failure else "")
    return classify(check, failure, earlier=earlier, own_modules=sources.own_modules)


def _check(check: CheckResult, sources: Sources, told: dict[str, str]) -> Iterator[Statement]:
    """`told` has each failure that was explained, and the check that it was explained in."""
    tests = [one for one in check.failures if one.test][:MOST_SHOWN]
    again = [one for one in tests if one.test in told]
    if again:
        where = names(list(dict.fromkeys(told[one.test] for one in again)))
        which = shorts([one.test for one in again])
        yield stated(
            f"{name(check.name)} fails in tests that {where} fails in too: {which}.",
            sources.check(check.name),
        )
    for failure in tests:
        if failure.test not in told:
            told[failure.test] = check.name
            yield from _failure(check, failure, sources)
    if not tests and has_no_cause(check):
        open_ = f"{name(check.name)} is {wording.outcome_word(check.outcome)}"
        yield stated(
            f"{open_}, so there is no cause to name: {marked(check.reason)}.", sources.told(check.name)
        )
    elif not tests:
        yield _class(f"The check {name(check.name)}", cause_of(check, None, sources), check, None, sources)


def _failure(check: CheckResult, failure: Failure, sources: Sources) -> Iterator[Statement]:
    finding = next((one for one in check.findings if one.test == failure.test), None)
    yield _class(name(failure.test), cause_of(check, failure, sources), check, failure, sources)
    for cause in finding.causes if finding else ():
        yield _polluter(cause, check, sources)
    if finding and finding.causes:
        yield from _victim(finding, check, sources)
    elif lines := sources.test(failure.test) or sources.lines(failure.where):
        at = sources.line(failure.where)
        yield stated(f"{short(failure.test)} fails here:", lines, at, quoted=True)
    for note in finding.notes if finding else ():
        yield stated(f"{words(note)}.", sources.told(check.name, quoted=note))


def _class(
    what: str, cause: CauseClass, check: CheckResult, failure: Failure | None, sources: Sources
) -> Statement:
    rests_on = (*_rests_on(cause, check, failure, sources), sources.check(check.name))
    return stated(f"{what}: cause class {name(cause.word)}: {marked(cause.why)}.", *rests_on)


def _rests_on(
    cause: CauseClass, check: CheckResult, failure: Failure | None, sources: Sources
) -> Iterator[Evidence | None]:
    """What decided the class."""
    if cause.by == "service":
        service = cause.ref
        yield sources.event("service", service)
        yield from (sources.log_end(path, 3) for path in sources.logs if path.endswith(f"/{service}.log"))
    elif cause.by == "history":
        earlier = sources.earlier(check.name, failure.test if failure else "")
        yield earlier_run(cause.ref) if earlier and earlier.on_disk else None
        yield commit(earlier.commit) if earlier and earlier.commit else None
    elif cause.by == "config":
        yield sources.line(cause.ref)
    elif cause.by == "message":
        yield sources.log(check.log, cause.ref)
        yield sources.line(failure.where) if failure else None
    yield sources.told(check.name, quoted=failure.test if failure else check.reason)


def _polluter(cause: Cause, check: CheckResult, sources: Sources) -> Statement:
    """The write, with the lines that it stands in."""
    who = f"{name(cause.polluter)}{f' ({cause.kind})' if cause.kind != 'test' else ''}"
    changed = f" leaves {name(cause.state)} changed, from {name(cause.before)} to {name(cause.after)}"
    unnamed = " leaves something behind that is not watched, so it has no name"
    where = f", written at {name(cause.where)}" if cause.exact and cause.where else ""
    told = sources.told(check.name, quoted=cause.state or cause.polluter)
    lines = sources.function(cause.where) or sources.test(cause.polluter)
    said = f"{who}{changed if cause.state else unnamed}{where}:"
    return stated(
        said, sources.line(cause.where) if cause.exact else None, lines, told, quoted=lines is not None
    )


def _victim(finding: Finding, check: CheckResult, sources: Sources) -> Iterator[Statement]:
    told = sources.told(check.name, quoted=finding.test)
    lines = sources.test(finding.test)
    if lines:
        yield stated(
            f"{short(finding.test)} meets it, and expects the other value:", lines, told, quoted=True
        )
    proofs = dict.fromkeys(cause.proved for cause in finding.causes)
    for proof in proofs:
        yield stated(f"How it was proved: {words(proof)}.", told)
