"""What a person reads of a traced run."""

from __future__ import annotations

from readiness.record.finding import CLASSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.finding import Cause, Finding, Report

LEAKS_SHOWN: Final = 10

SIDES: Final = {
    "polluter": "the test that leaks undoes it",
    "fixture": "the fixture that leaks undoes it",
    "victim": "the test that fails sets up what it needs",
    "guard": "a fixture undoes it for every test of the file",
}


def lines(report: Report, *, applied: bool = False) -> Iterator[str]:
    """Each finding with its causes, then what was left changed, then one line that sums up."""
    for finding in report.findings:
        yield from _finding(finding)
        yield ""
    yield from _patches(report, applied=applied)
    yield from _left_over(report)
    for problem in report.problems:
        yield f"PROBLEM: {problem}"
    for said in report.unexplored:
        yield f"NOT EXPLORED: {said}"
    yield _sum(report)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{finding.kind.upper().replace('_', ' ')}  {finding.test}"
    yield f"  {CLASSES.get(finding.kind, '')}"
    if finding.error:
        yield f"  error     {finding.error}"
    for cause in finding.causes:
        yield from _cause(cause)
    for note in finding.notes:
        yield f"  note      {note}"
    if finding.patch:
        side = SIDES.get(finding.patch.side, finding.patch.side)
        yield f"  patch     {side}; verified, see below"
    elif finding.no_patch:
        yield f"  no patch  {finding.no_patch}"


def _patches(report: Report, *, applied: bool) -> Iterator[str]:
    """Each diff once: causes that were mended together were verified together."""
    for patch in dict.fromkeys(one.patch for one in report.findings if one.patch):
        mended = f"{len(patch.mended)} mended, none worse"
        yield f"PATCH  verified: the whole suite ran in a copy with it, {patch.tests} tests, {mended}"
        yield f"  {patch.command}"
        yield from patch.diff.splitlines()
        if not applied:
            yield "apply it with `git apply` or `patch -p1`, or run this again with --apply"
        yield ""


def _cause(cause: Cause) -> Iterator[str]:
    during = f", {cause.scope} scope, set up for {cause.during}" if cause.during else ""
    yield f"  polluter  {cause.polluter}{f' ({cause.kind}{during})' if cause.kind != 'test' else ''}"
    if cause.state:
        yield f"  state     {cause.state}"
    if cause.before or cause.after:
        yield f"            {cause.before}  ->  {cause.after}"
    yield f"  where     {cause.where}{'' if cause.exact else '  (the line was not found)'}"
    for frame in cause.stack[1:4]:
        yield f"            called from {frame}"
    yield f"  proof     {cause.proved}"


def _left_over(report: Report) -> Iterator[str]:
    if not report.leaks:
        return
    yield "left changed at the end (no fault by itself):"
    for leak in report.leaks[:LEAKS_SHOWN]:
        yield f"  {leak.state}  by {leak.by}"
    if len(report.leaks) > LEAKS_SHOWN:
        yield f"  … and {len(report.leaks) - LEAKS_SHOWN} more"
    yield ""


def _sum(report: Report) -> str:
    kinds: dict[str, int] = {}
    for finding in report.findings:
        kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    found = (
        ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in kinds.items()) or "nothing found"
    )
    traced = f"tracing took {report.seconds:.2f} s for {report.watched} objects"
    return f"{report.tests} tests: {found}; {report.replays} replays of single tests; {traced}"
