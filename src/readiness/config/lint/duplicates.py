"""Checks that are there twice: by name, or by command."""

from __future__ import annotations

from readiness.config.commands import env_prefix, normal_form
from readiness.config.lint.subject import ERROR, WARNING, at, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.config.lint.subject import Reading, Subject
    from readiness.config.model import Check
    from readiness.record.result import LintFinding


def findings(subject: Subject) -> Iterator[LintFinding]:
    checks = subject.config.checks
    if len(checks) < 2:
        return
    yield from _names(checks)
    yield from _commands(_alike(subject.readings))


def _names(checks: tuple[Check, ...]) -> Iterator[LintFinding]:
    first: dict[str, Check] = {}
    for check in checks:
        other = first.setdefault(check.name, check)
        if other is not check:
            message = f"the name `{check.name}` is taken by the check at {at(other.place)}"
            advice = "give one of them another name, or remove it; only one could be reported"
            yield found("duplicate-name", ERROR, at(check.place), message, advice)


def _alike(readings: list[Reading]) -> list[Check]:
    """The checks that call the same programs as another of their lane: only those need a closer look."""
    by_calls: dict[tuple[object, ...], list[Check]] = {}
    for one in readings:
        targets = [sorted(call.targets) for call in one.pytest_calls]
        programs = [call.words[0] for call in one.trace.calls if call.words]
        own = [program for program in programs if program not in (".", "source")]
        calls = (one.check.lane, tuple(own), str(targets))
        by_calls.setdefault(calls, []).append(one.check)
    return [check for checks in by_calls.values() if len(checks) > 1 for check in checks]


def _commands(checks: list[Check]) -> Iterator[LintFinding]:
    first: dict[tuple[object, ...], Check] = {}
    for check in checks:
        other = first.setdefault(_what_runs(check), check)
        if other is not check and other.name != check.name:
            message = f"`{check.name}` runs the same command as `{other.name}` ({at(other.place)})"
            advice = "remove one of them: the second run proves nothing more"
            yield found("duplicate-command", WARNING, at(check.run_place), message, advice)


def _what_runs(check: Check) -> tuple[object, ...]:
    """Equal for two checks exactly when running both tells no more than running one."""
    env = {**check.env, **env_prefix(check.run)}
    return (
        normal_form(check.run),
        tuple(sorted(env.items())),
        (check.cwd, check.python, check.lane, check.provider),
        tuple(sorted(check.services)),
    )
