"""What tracing found out about a test that failed: the words and facts that every report shows of it."""

from __future__ import annotations

from readiness.record.finding import CLASSES
from readiness.report.wording import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.finding import Cause, Finding, Patch
    from readiness.record.result import CheckResult, Failure

DIFF_LINES: Final = 200
DIFF_CHARACTERS: Final = 12_000
"""What a report shows of a patch: all of it or nothing, since half a patch cannot be applied."""
FRAMES: Final = 4
LONGEST: Final = 500
SIDES: Final = {
    "polluter": "in the test that leaks",
    "fixture": "in the fixture that leaks",
    "victim": "in the test that fails",
    "guard": "as a fixture that restores it for every test",
}


def of_failure(check: CheckResult, failure: Failure) -> Finding | None:
    """What was found out about the test of a failure."""
    named = failure.test
    for one in check.findings:
        # A failed subtest has its description after its test's id.
        length = len(one.test)
        if length and named.startswith(one.test) and named[length : length + 1] in ("", " "):
            return one
    return None


def without_failure(check: CheckResult, shown: int) -> tuple[Finding, ...]:
    """Findings that none of the first `shown` failures of a check tells."""
    told = [of_failure(check, failure) for failure in check.failures[:shown]]
    return tuple(one for one in check.findings if one not in told)


def message(check: CheckResult, failure: Failure) -> str:
    """What the test itself said: the sentence that the gate put before it is left out where its finding is told."""
    finding = of_failure(check, failure)
    said = f"{finding.because()}: " if finding else ""
    return failure.message.removeprefix(said) if said != ": " else failure.message


def heading(finding: Finding) -> str:
    """`victim: fails because of what other tests left behind; alone it passes`."""
    kind = _cut(finding.kind).replace("_", " ")
    meaning = CLASSES.get(finding.kind, "")
    return f"{kind}: {meaning}" if meaning else kind


def cause_facts(cause: Cause) -> Iterator[tuple[str, str]]:
    """Name and text of everything that is known of a cause; what is not known is left out, and long texts are cut."""
    during = f", {_cut(cause.scope)} scope, set up for {_cut(cause.during)}" if cause.during else ""
    kind = f" ({_cut(cause.kind)}{during})" if cause.kind not in ("", "test") else ""
    yield "polluter", f"{_cut(cause.polluter)}{kind}"
    if cause.state:
        yield "state", _cut(cause.state)
    if cause.before or cause.after:
        yield "before", _cut(cause.before)
        yield "after", _cut(cause.after)
    if cause.where:
        yield "where", _cut(cause.where) + ("" if cause.exact else " (the line was not found)")
    if cause.stack[1:]:
        yield "called from", ", ".join(map(_cut, cause.stack[1 : 1 + FRAMES]))
    yield "proof", _cut(cause.proved)


def _cut(text: str) -> str:
    """Short enough to be put together with others; every report shows less of it."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def together(finding: Finding) -> str:
    """How several causes belong together; empty where there are not several."""
    if len(finding.causes) < 2:
        return ""
    if len({one.set for one in finding.causes}) < 2:
        return "Each of these is enough by itself."
    return "Causes of different sets are harmful only together; to put one set back is enough."


def patch_heading(patch: Patch) -> str:
    """Only what was verified is called a fix."""
    side = SIDES.get(patch.side, "")
    where = f", {side}" if side else ""
    return f"Fix, verified{where}" if patch.verified else f"A change that was not verified{where}"


def patch_proof(patch: Patch) -> str:
    """What was run to verify it, and what came of it."""
    if not patch.verified:
        return "It was not shown to mend anything: look before you use it."
    mended = plural(len(patch.mended), "test")
    ran = f": {plural(patch.tests, 'test')} ran" if patch.tests else ""
    return (
        f"Run again in a copy with this change{ran}, {mended} mended and none worse ({_cut(patch.command)})."
    )


def fits(patch: Patch) -> bool:
    """Whether a report has room for the whole diff."""
    return len(patch.diff) <= DIFF_CHARACTERS and patch.diff.count("\n") <= DIFF_LINES


def summed_up(finding: Finding) -> str:
    """One line: the class, who and what, and whether there is a fix."""
    said = finding.because() or heading(finding)
    fix = "; a verified fix is in report.json" if finding.patch and finding.patch.verified else ""
    return f"{_cut(finding.test)}: {said}{fix}"
