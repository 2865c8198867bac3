"""How each test of a pytest run ended, from the probe's files."""

from __future__ import annotations

from readiness.record.finding import Finding
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from readiness.run.probe_files import Run

PASSED = frozenset({"passed", "xfailed", "xpassed"})
"""Outcomes that a patch must not take from a test."""


@value
class Ran:
    """One run of a suite. `outcomes` maps a test to the word of its last attempt (`passed`, `failed`, …).

    `problems` are files and arguments that could not be used and runs that never came to their end. `elsewhere` are
    modules that a copy of a project took from the original. `findings` is what tracing had to say of tests.
    """

    outcomes: Mapping[str, str]
    problems: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    command: str = ""
    seconds: float = 0.0

    @property
    def found(self) -> frozenset[str]:
        return frozenset(one.test for one in self.findings)

    @property
    def passed(self) -> frozenset[str]:
        return frozenset(test for test, outcome in self.outcomes.items() if outcome in PASSED)


def ran(found: Sequence[Run], command: str = "", seconds: float = 0.0) -> Ran:
    """Several pytest runs of one command, as one."""
    return Ran(
        outcomes=_outcomes(found),
        problems=tuple(_problems(found)),
        elsewhere=tuple(
            dict.fromkeys(
                str(one) for run in found for said in run.of("elsewhere") for one in said["modules"]
            )
        ),
        findings=tuple(Finding.from_json(one) for run in found for one in run.of("finding")),
        command=command,
        seconds=seconds,
    )


def _outcomes(found: Iterable[Run]) -> dict[str, str]:
    ended: dict[str, str] = {}
    for run in found:
        for event in run.of("test", "teardown_error"):
            test = str(event["id"])
            ended[test] = str(event["outcome"]) if event["event"] == "test" else "error"
    return ended


def _problems(found: Iterable[Run]) -> Iterable[str]:
    for run in found:
        for event in run.of("collect_error", "internal_error"):
            yield f"{event.get('id') or 'pytest'} cannot be used: {event.get('message', '')}"
        if not run.main.first("finish"):
            yield "pytest ended before its tests were over"
