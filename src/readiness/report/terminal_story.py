"""What a summary tells of one check: its first failure with its cause, who answered it, its trials."""

from __future__ import annotations

from readiness.record.finding import OPENINGS
from readiness.record.outcome import Outcome
from readiness.record.value import value
from readiness.report import answered, findings, trials, wording
from readiness.report.plain import first_line, plain, plain_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.finding import Finding
    from readiness.record.result import CheckResult

LINES_OF_A_MESSAGE: Final = 4


@value
class Line:
    """A line, and a colour for its first `coloured` characters."""

    text: str
    colour: str = ""
    coloured: int = 0
    rank: int = 0
    """Of a line that tells more of a check: the lower, the sooner it is shown where there is little room."""


def told_below(check: CheckResult) -> list[Line]:
    """What is told below the line of a check."""
    story = [] if check.outcome is Outcome.PASSED else list(_story(check))
    return [*story, *_answered(check)]


def _answered(check: CheckResult) -> Iterator[Line]:
    if found := answered.line(check):
        yield _told(plain(found), 4)
    if check.trials:
        yield from (_told(plain(one), 4) for one in trials.lines(check))
        if check.outcome is not Outcome.PASSED:
            yield from (_told(one, 6) for one in trials.plotted(check))


def _story(check: CheckResult) -> Iterator[Line]:
    """The first failure with its own values and its cause, else the reason and what was last written."""
    failure = wording.first_failure(check)
    if failure:
        test = failure.test.rpartition("::")[2] if failure.where else failure.test
        yield _told(plain(f"{failure.where} in {test}" if failure.where else test))
        said = [line for line in plain_lines(findings.message(check, failure)) if line.strip()]
        ranks = (0, *[5] * LINES_OF_A_MESSAGE)
        yield from (
            _told(f"  {line}", rank) for line, rank in zip(said, ranks[:LINES_OF_A_MESSAGE], strict=False)
        )
        if finding := findings.of_failure(check, failure):
            yield from _of_finding(finding)
        more = len(check.failures) - 1 + check.failures_left_out
        if more:
            yield _told(f"and {wording.plural(more, 'more failure')}", 2)
    elif wording.counts(check.counts):
        yield _told(plain(check.reason))
    elif check.outcome is not Outcome.SKIPPED and check.last_output.strip():
        yield _told(f"last: {first_line(check.last_output.strip().splitlines()[-1])}")
    if check.cause:
        yield _told(f"cause: {plain(check.cause)}", 2)
    if check.survivors:
        yield _told(f"could not be ended: {plain(', '.join(check.survivors))}", 1)
    if check.log and check.outcome is not Outcome.SKIPPED:
        yield _told(f"log: {plain(check.log)}", 3)


def _of_finding(finding: Finding) -> Iterator[Line]:
    opening = OPENINGS.get(finding.kind, "")
    if not finding.causes and opening:
        yield _told(f"  {opening}", 1)
    for cause in finding.causes[:1]:
        # In two lines: the names of a test and of a state fill one each.
        yield _told(f"  {opening} {plain(cause.polluter)}", 1)
        if cause.state:
            yield _told(f"  which leaves {plain(cause.state)} changed ({plain(cause.where)})", 1)


def _told(text: str, rank: int = 0) -> Line:
    return Line(f"      {text}", rank=rank)
