"""Checks that cannot fail, or hide a failure: by themselves, or in the make target or script that they call.

Row 22 of the ways a gate lies.
"""

from __future__ import annotations

from readiness.config.commands.call import BACKGROUND, IGNORED, OVERTAKEN, PIPED, POWERLESS
from readiness.config.commands.programs import can_fail, is_judge, may_judge
from readiness.config.lint.subject import ERROR, NOTE, WARNING, at, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.config.commands import Call, Loss, Trace
    from readiness.config.lint.subject import Reading, Subject
    from readiness.config.model import Check, Service
    from readiness.record.result import LintFinding

_RULE: Final = "toothless-command"
_ADVICE: Final = {
    IGNORED: "let the failure through; to report it without letting it decide, use `optional: true`",
    OVERTAKEN: "join the commands with `&&`, or start with `set -e`",
    PIPED: "drop the pipe, as every run keeps the whole output in its log; or use bash with `set -o pipefail`",
    BACKGROUND: "run it in the foreground, or make it a service",
    POWERLESS: "remove the option",
}


def findings(subject: Subject) -> Iterator[LintFinding]:
    for reading in subject.readings:
        yield from _unread(reading)
        yield from _toothless(reading)
    for service in subject.config.services:
        yield from _ready_at_once(subject, service)


def _unread(reading: Reading) -> Iterator[LintFinding]:
    if reading.trace.unread:
        check = reading.check
        message = f"the command of `{check.name}` could not be read: {reading.trace.unread}"
        advice = "see that `sh -n` takes it; no rule looked inside"
        yield found("unread-command", NOTE, at(check.run_place), message, advice)


def _toothless(reading: Reading) -> Iterator[LintFinding]:
    check, trace = reading.check, reading.trace
    losses = lost_failures(trace)
    for loss, call in losses:
        what = "hides a failure" if trace.can_fail else "cannot fail"
        message = f"`{check.name}` {what}: {_told(call, loss)}"
        yield found(_RULE, _severity(check, trace, loss), loss.where, message, _ADVICE[loss.kind])
    if not trace.can_fail and not losses:
        message = f"`{check.name}` cannot fail: {_only_runs(trace)}"
        severity = WARNING if check.optional else ERROR
        yield found(
            _RULE, severity, at(check.run_place), message, "run something that can fail, or remove it"
        )


def lost_failures(trace: Trace) -> list[tuple[Loss, Call]]:
    """Each place where a failure that matters is thrown away, with the call that is lost there.

    All matter when the whole command cannot fail; else those of test runners and linters, and that of the
    last program of the project's own.
    """
    lost = [call for call in trace.calls if call.loss is not None and can_fail(call.words)]
    last = next((call for call in reversed(trace.calls) if may_judge(call.words)), None)
    chosen = [call for call in lost if is_judge(call.words) or call is last]
    if not chosen and not trace.can_fail:
        chosen = lost[-1:]
    first: dict[tuple[str, str], tuple[Loss, Call]] = {}
    for call in chosen:
        if call.loss is not None:
            first.setdefault((call.loss.where, call.loss.how), (call.loss, call))
    return list(first.values())


def _told(call: Call, loss: Loss) -> str:
    if loss.kind == POWERLESS:
        return f"in `{call.source}`, {loss.how}"
    return f"a failure of `{call.source}` is lost, as {loss.how}"


def _only_runs(trace: Trace) -> str:
    return f"it only runs `{trace.calls[-1].source}`" if trace.calls else "it runs no program"


def _severity(check: Check, trace: Trace, loss: Loss) -> str:
    partly = loss.kind == OVERTAKEN and trace.can_fail
    return WARNING if check.optional or partly or loss.kind == PIPED else ERROR


def _ready_at_once(subject: Subject, service: Service) -> Iterator[LintFinding]:
    """A service whose readiness is asked of a command that always says yes."""
    if service.ready.kind != "command":
        return
    where = service.place
    trace = subject.reader.trace(service.ready.target, service.cwd, file=where.path, line=where.line)
    if not trace.can_fail:
        message = (
            f"the service `{service.name}` counts as ready at once: `{service.ready.target}` cannot fail"
        )
        yield found(_RULE, WARNING, at(where), message, "ask it something that fails until it serves")
