"""What copies of the failed process could not tell is asked in new ones."""

from __future__ import annotations

from readiness.isolation.fresh import Command, Fresh
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
    fresh = Fresh(command, asked.replays, asked.seconds, asked.timeout)

    def judged(finding: Finding) -> Finding:
        if finding.kind != "unjudged" or finding.test not in order:
            return finding
        before = order[: order.index(finding.test)]
        return fresh.judge(finding, before, suspects.get(finding.test, ()))

    findings = tuple(map(judged, report.findings))
    return replace(report, findings=findings, replays=report.replays + fresh.ran)
