"""Names: expected ones that no check has, and services that nothing needs."""

from __future__ import annotations

from readiness.config.lint.subject import ERROR, WARNING, at, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from readiness.config.lint.subject import Subject
    from readiness.record.result import LintFinding


def findings(subject: Subject, expected: tuple[str, ...]) -> Iterator[LintFinding]:
    yield from _unknown_expected(subject, expected)
    yield from _unused_services(subject)


def _unknown_expected(subject: Subject, expected: tuple[str, ...]) -> Iterator[LintFinding]:
    known = {check.name for check in subject.config.checks}
    for name in dict.fromkeys(expected):
        if name not in known:
            from readiness.config.nearest import suggestion

            message = f"`{name}` is expected, and no check has that name"
            yield found("unknown-expected", ERROR, subject.top, message, suggestion(name, sorted(known)))


def _unused_services(subject: Subject) -> Iterator[LintFinding]:
    services = subject.config.services
    if not services:
        return
    needs = {service.name: service.needs for service in services}
    reached: set[str] = set()
    waiting = [name for check in subject.config.checks for name in check.services]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += needs.get(name, ())
    for service in services:
        if service.name not in reached:
            message = f"no check needs the service `{service.name}`, so it never starts"
            advice = "name it under `services:` of the check that needs it, or remove it"
            yield found("unused-service", WARNING, at(service.place), message, advice)
