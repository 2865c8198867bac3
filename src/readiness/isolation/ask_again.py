"""What copies of the failed process could not tell is asked in new ones."""

from __future__ import annotations

from readiness.isolation.fresh import Command, Fresh
from readiness.isolation.hanging import SAID, ask_before_it
from readiness.record.finding import Cause
from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from readiness.isolation.asked import Asked
    from readiness.record.finding import Finding, Report
    from readiness.run.probe_files import Run


def ask_again(asked: Asked, environ: Mapping[str, str], report: Report, found: Sequence[Run]) -> Report:
    """The report, with every finding that was not judged judged in new processes, as far as that can be done."""
    if all(one.kind != "unjudged" for one in report.findings):
        return report
    order = [str(event["id"]) for run in found for event in run.of("start")]
    suspects = {
        str(event["id"]): tuple(map(Cause.from_json, event.get("suspects", ())))
        for run in found
        for event in run.of("finding")
    }
    command = Command(asked.python, asked.arguments, asked.folder, environ)
    findings, in_copies = _ask_before_those_that_hang(asked, environ, report.findings, order)
    fresh = Fresh(command, asked.replays, asked.seconds, asked.timeout)

    def judged(finding: Finding) -> Finding:
        if finding.kind != "unjudged" or finding.test not in order:
            return finding
        before = order[: order.index(finding.test)]
        return fresh.judge(finding, before, suspects.get(finding.test, ()))

    findings = tuple(map(judged, findings))
    return replace(report, findings=findings, replays=report.replays + in_copies + fresh.ran)


def _ask_before_those_that_hang(
    asked: Asked, environ: Mapping[str, str], findings: Sequence[Finding], order: Sequence[str]
) -> tuple[tuple[Finding, ...], int]:
    if asked.proof == "fresh":
        return tuple(findings), 0
    replays, judged = 0, []
    for finding in findings:
        if finding.error == SAID:
            finding, spent = ask_before_it(asked, environ, finding, order)
            replays += spent
        judged.append(finding)
    return tuple(judged), replays
