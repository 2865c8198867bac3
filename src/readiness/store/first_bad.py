"""From what a test did, run after run, to the commit that broke it; or to why history cannot tell."""

from __future__ import annotations

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@value
class Sighting:
    """What a test did in one run: it passed, failed, or (None) has no result there."""

    run_id: str
    at: str
    commit: str
    dirty: str
    branch: str
    passed: bool | None

    @property
    def code(self) -> tuple[str, str]:
        return self.commit, self.dirty


@value
class FirstBad:
    """Where a test broke last. `told` says that two commits, one that passes and one that fails, are known.

    `between` counts runs in time between the two in which the test has no result. `still` says that it has not passed
    since. `doubts` are reasons to believe less.
    """

    told: bool
    reason: str
    last_good: Sighting | None = None
    first_bad: Sighting | None = None
    between: int = 0
    still: bool = True
    doubts: tuple[str, ...] = ()


def first_bad(seen: Sequence[Sighting]) -> FirstBad:
    """The last change from passing to failing, in runs given oldest first."""
    results = [(number, one) for number, one in enumerate(seen) if one.passed is not None]
    failed = [place for place, (_, one) in enumerate(results) if not one.passed]
    if not results:
        return FirstBad(False, "it has no result: it was skipped, or did not run")
    if not failed:
        return FirstBad(False, f"it never failed in {len(results)} results", results[-1][1], still=False)
    place = failed[-1]
    while place and not results[place - 1][1].passed:
        place -= 1
    (at, bad), still = results[place], not results[-1][1].passed
    if not place:
        reason = "it fails in the oldest result that is known, so it broke before that"
        return FirstBad(False, reason, None, bad, still=still)
    before, good = results[place - 1]
    told, reason = _judged(good, bad)
    return FirstBad(told, reason, good, bad, at - before - 1, still, tuple(_doubts(seen, good, bad)))


def _judged(good: Sighting, bad: Sighting) -> tuple[bool, str]:
    if not good.commit or not bad.commit:
        return False, "a commit is not known: the runs were outside git, or were imported without one"
    if good.code == bad.code:
        return False, "it passed and failed on the same code, so no commit is to blame"
    if good.commit == bad.commit:
        return False, "it passed and failed on the same commit: a change that was not committed broke it"
    return True, "it passed on the one commit and failed on the other"


def _doubts(seen: Sequence[Sighting], good: Sighting, bad: Sighting) -> list[str]:
    doubts = []
    for what, one in (("passed", good), ("failed", bad)):
        if one.dirty:
            doubts.append(f"where it {what}, files differed from the commit")
    passed = {one.code for one in seen if one.passed is True and one.commit}
    failed = {one.code for one in seen if one.passed is False and one.commit}
    if both := passed & failed:
        doubts.append(f"it is flaky: on {_codes(len(both))} it both passed and failed")
    if good.branch != bad.branch:
        doubts.append(f"it passed on branch {good.branch or '?'} and failed on {bad.branch or '?'}")
    return doubts


def _codes(count: int) -> str:
    return "the same code" if count == 1 else f"{count} states of the code"
