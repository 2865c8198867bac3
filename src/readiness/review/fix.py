"""Section 3: the change that was verified, what was run to verify it, and what keeps it from coming back."""

from __future__ import annotations

from readiness.report import wording
from readiness.review.document import Section, marked, name, names, short, shorts, stated, words
from readiness.review.regression import MOST_SHOWN, told_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.record.finding import Finding, Patch
    from readiness.record.record import Record
    from readiness.record.result import CheckResult
    from readiness.review.document import Evidence, Statement
    from readiness.review.sources import Sources

SIDES = {
    "polluter": "where the state is written",
    "fixture": "in the fixture that writes the state",
    "victim": "on the side of the test that fails",
    "guard": "by a fixture that restores the state for every test",
}


UNTRIED = "none was made in this run"


def fix(record: Record, sources: Sources) -> Section:
    said = (*_patches(record, sources), *_guards(record, sources), *_lint(record, sources))
    nothing = "Nothing on record proposes a change: a fix is shown only where one was made and verified."
    ready = "Nothing failed, so there is nothing to fix."
    return Section(
        "Proposed fix",
        said or (stated(nothing if told_of(record) else ready, sources.reported("reasons")),),
    )


def leaks(check: CheckResult) -> list[Finding]:
    """Findings of a check that another test's leak explains."""
    return [one for one in check.findings if one.causes]


def verified(finding: Finding) -> Patch | None:
    return finding.patch if finding.patch and finding.patch.verified else None


def _patches(record: Record, sources: Sources) -> Iterator[Statement]:
    shown: set[str] = set()
    for check in told_of(record):
        told, without = _told(check, sources), [one for one in leaks(check) if not verified(one)]
        for finding in leaks(check)[:MOST_SHOWN]:
            patch = verified(finding)
            if patch and patch.diff in shown:
                yield stated(f"The change above mends {short(finding.test)} too.", told)
            elif patch:
                shown.add(patch.diff)
                yield from _patch(finding, patch, told)
        for why in dict.fromkeys(one.no_patch for one in without):
            tests = shorts(one.test for one in without if one.no_patch == why)
            yield stated(f"No verified change is on record for {tests}: {words(why) or UNTRIED}.", told)


def _told(check: CheckResult, sources: Sources) -> Evidence | None:
    """Where the check's findings stand: in its result, or beside it where patches came later."""
    return sources.event("check_patched", check.name, '"patch": ') or sources.told(check.name, '"patch": ')


def _patch(finding: Finding, patch: Patch, told: Evidence | None) -> Iterator[Statement]:
    side = SIDES.get(patch.side, words(patch.side))
    yield stated(f"For {short(finding.test)}, {side}:", told, block=patch.diff, info="diff")
    mended = (
        f"; {names([one.rpartition('::')[2] for one in patch.mended])} failed before and passed then"
        if patch.mended
        else ""
    )
    ran = (
        f"{name(patch.command)} was run in a copy of the project with the change"
        if patch.command
        else "It was run"
    )
    yield stated(
        f"Verified: {ran}: {wording.plural(patch.tests, 'test')}, none worse than before{mended}.", told
    )


def _guards(record: Record, sources: Sources) -> Iterator[Statement]:
    for check in told_of(record):
        if not leaks(check):
            continue
        mode = sources.isolation.get(check.name, "")
        config, told = sources.lines(check.place, 0, 4), sources.told(check.name)
        if mode == "strict":
            yield stated(
                f"The guard is in place: {name(check.name)} has {name('isolation: strict')}.", config, told
            )
        else:
            now = f" (now {name(mode)})" if mode else ""
            strict = f"{name('isolation: strict')} on {name(check.name)}{now}"
            yield stated(
                f"The guard to add: {strict}; it fails the test that leaves state changed.", config, told
            )


def _lint(record: Record, sources: Sources) -> Iterator[Statement]:
    """What lint found and a strict gate does not pass."""
    for one in record.lint:
        if one.severity == "error":
            said = f"{name(one.where)}: {marked(one.message)}. To do: {marked(one.advice)}."
            yield stated(said, sources.line(one.where), sources.reported("lint"))
