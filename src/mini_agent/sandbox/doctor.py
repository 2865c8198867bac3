"""The self-test's report as lines for `mini-agent doctor`."""

from __future__ import annotations

from mini_agent.sandbox.attempts import MEANING
from mini_agent.sandbox.report import Attempt, SandboxReport
from mini_agent.sandbox.self_test import explain

WIDTH = max(map(len, MEANING.values()))


def doctor_lines() -> tuple[list[str], bool]:
    """What holds generated code on this machine, line by line, and whether it does. Takes a few seconds; blocks."""
    report = explain()
    return lines_of(report), report.ok


def lines_of(report: SandboxReport) -> list[str]:
    lines = [headline(report)]
    lines += [f"  not taken: {way}: {why}" for way, why in report.refused if report.ok]
    lines += [attempt_line(one) for one in report.attempts]
    return lines


def headline(report: SandboxReport) -> str:
    if not report.ok:
        return f"sandbox: NONE, local tools are refused: {report.reason}"
    return f"sandbox: {report.way} with {', '.join(report.layers)} (self-test: {report.ms:.0f} ms)"


def attempt_line(attempt: Attempt) -> str:
    """`stopped` or `NOT STOPPED`, what was tried, and which layers stop it alone or how it ended."""
    verdict = "stopped    " if attempt.stopped else "NOT STOPPED"
    return f"  {verdict}  {MEANING[attempt.name]:<{WIDTH}}  {how(attempt)}"


def how(attempt: Attempt) -> str:
    if attempt.stopped_by:
        return f"by {' or '.join(attempt.stopped_by)} alone"
    if attempt.stopped and attempt.detail.startswith("went through"):
        return "tried, without effect"
    return attempt.detail
