"""Section 6: what to do next, ranked by what changes the verdict, each with its command."""

from __future__ import annotations

from readiness.gate import cause_class
from readiness.record.outcome import Outcome
from readiness.report import wording
from readiness.review.document import Step, marked, name, names, shorts
from readiness.review.fix import leaks, verified
from readiness.review.lanes import unreached
from readiness.review.regression import decides, told_of
from readiness.review.root_cause import cause_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.record.record import Record
    from readiness.record.result import CheckResult
    from readiness.review.document import Evidence
    from readiness.review.sources import Sources


def next_steps(record: Record, sources: Sources) -> tuple[Step, ...]:
    """Those on which the verdict hangs first; of two equal commands the first."""
    steps = [
        *_lint_errors(record, sources),
        *_checks(record, sources),
        *_confirm(record, sources),
        *_lanes(sources),
        *_guards(record, sources),
        *_lint_warnings(record, sources),
    ]
    first = {one.command: one for one in reversed(steps)}
    return tuple(sorted((one for one in steps if first[one.command] is one), key=lambda one: not one.decides))


def _evidence(*found: Evidence | None) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _lint_errors(record: Record, sources: Sources) -> Iterator[Step]:
    errors = [one for one in record.lint if one.severity == "error"]
    if errors:
        cited = _evidence(*(sources.line(one.where) for one in errors), sources.reported("lint"))
        places = names([one.where for one in errors])
        yield Step(
            f"Correct what lint calls an error: {places}.", "readiness lint", record.header.strict, cited
        )


def _checks(record: Record, sources: Sources) -> Iterator[Step]:
    """A check all of whose failures another check has as well needs no step of its own."""
    told: set[str] = set()
    for check in told_of(record):
        tests = {one.test for one in check.failures}
        if not tests or not tests <= told:
            yield from _check(check, record, sources)
        told |= tests


def _check(check: CheckResult, record: Record, sources: Sources) -> Iterator[Step]:
    told = sources.check(check.name)
    if leaks(check):
        yield from _leak(check, record, sources)
        return
    tests = [one for one in check.failures if one.test]
    cause = cause_of(check, tests[0] if tests else None, sources)
    again = f"readiness run {wording.quoted(check.name)} --gate {wording.quoted(record.header.gate)}"
    what, command = _by_class(check, cause, again)
    yield Step(what, command, decides(check, record), _evidence(sources.line(check.place), told))


def _leak(check: CheckResult, record: Record, sources: Sources) -> Iterator[Step]:
    arguments = sources.isolate.get(check.name)
    patched = [one for one in leaks(check) if verified(one)]
    tests = shorts([one.test for one in leaks(check)], 3)
    what = "Apply the verified change" if patched else "Let a change be made and verified, and apply it"
    command = (
        f"readiness isolate --apply -- {arguments}"
        if arguments is not None
        else f"readiness run {check.name}"
    )
    yield Step(f"{what} for {tests}.", command, decides(check, record), _evidence(sources.check(check.name)))


def _by_class(check: CheckResult, cause: cause_class.CauseClass, again: str) -> tuple[str, str]:
    subject = name(check.name)
    if check.outcome is Outcome.INTERRUPTED:
        return f"Let the run finish: {subject} has no outcome.", "readiness run --resume"
    if check.outcome is Outcome.INCONCLUSIVE and not check.cause:
        return f"Let {subject} go on with more trials: {marked(check.reason)}.", again
    if cause.word == cause_class.ENVIRONMENT:
        return f"Put the environment of {subject} right ({marked(cause.why)}), then run it again.", again
    if cause.word == cause_class.SERVICE:
        return f"See why service {name(cause.ref)} cannot be used by {subject}, then run it again.", again
    if cause.word in (cause_class.CAPACITY, cause_class.COLD_START):
        return f"Run {subject} again when its model has room: {marked(cause.why)}.", again
    if cause.word == cause_class.CONFIG:
        return (
            f"Correct the configuration of {subject} at {name(cause.ref or check.place)}, then run it again.",
            again,
        )
    if cause.word == cause_class.FLAKY:
        return (
            f"Make what {subject} tests repeatable, or give it an owner and a date under quarantine.",
            again,
        )
    if cause.word == cause_class.REGRESSION:
        return (
            f"See what changed since {subject} last passed ({marked(cause.why)}), then run it again.",
            again,
        )
    if check.outcome is Outcome.TIMED_OUT:
        return (
            f"See what {subject} waits for, or give it more time ({marked(check.reason)}), then run it again.",
            again,
        )
    return f"Correct what {subject} found, then run it again.", again


def _confirm(record: Record, sources: Sources) -> Iterator[Step]:
    bad = wording.against_it(record)
    if bad:
        hangs = any(decides(check, record) for check in bad)
        command, cited = wording.command_line(record.header), _evidence(sources.reported("reasons"))
        yield Step("Run the gate again, and see it READY.", command, hangs, cited)


def _lanes(sources: Sources) -> Iterator[Step]:
    for lane in unreached(sources):
        first, place = sources.lanes[lane]
        cited = [sources.line_now(run.where) for run in sources.ci_runs]
        what = f"Let a CI job run a gate that needs lane {name(lane)}, so that {name(first)} is watched ({name(place)})."
        yield Step(what, f"readiness run --lane {lane}", False, _evidence(*cited, sources.line_now(place)))


def _guards(record: Record, sources: Sources) -> Iterator[Step]:
    for check in told_of(record):
        if leaks(check) and sources.isolation.get(check.name) != "strict":
            what = (
                f"Set {name('isolation: strict')} on {name(check.name)}, so that no leak comes back unseen."
            )
            command = f"readiness run {wording.quoted(check.name)} --strict"
            yield Step(what, command, False, _evidence(sources.line(check.place), sources.check(check.name)))


def _lint_warnings(record: Record, sources: Sources) -> Iterator[Step]:
    warnings = [one for one in record.lint if one.severity == "warning" and one.rule != "unreached-lane"]
    if warnings:
        cited = _evidence(*(sources.line(one.where) for one in warnings), sources.reported("lint"))
        places = names([one.where for one in warnings])
        yield Step(f"Clear what lint warns of: {places}.", "readiness lint --strict", False, cited)
