"""From pytest's reports (setup, call, teardown, subtests, repetitions) to one outcome a test."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from readiness_probe.evidence import skip_told, told

if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from readiness_probe.places import Places

    Event = Dict[str, Any]

_KNOWN = ("passed", "failed", "skipped")


class _Open:
    """A test that has begun to report."""

    __slots__ = ("outcome", "phase", "repeated", "seconds", "subtests", "swallowed", "told")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.outcome = ""
        self.phase = "setup"
        self.told: Dict[str, str] = {}
        self.subtests: List[Event] = []
        self.swallowed: List[Dict[str, str]] = []
        self.repeated = False


class Outcomes:
    """Takes every report of a run in the order of arrival and answers with the events to record."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._open: Dict[str, _Open] = {}
        self.counts: Counter[str] = Counter()

    def add(self, report: Any, facts: Dict[str, Any]) -> List[Event]:
        """Add one report. A test's outcome comes with its teardown, and at once for a crashed worker."""
        name, when = report.nodeid, report.when
        if when == "setup" or name not in self._open:
            self._open[name] = _Open()
        test = self._open[name]
        if _is_subtest(report):
            self._add_subtest(test, report, facts)
            return []
        test.seconds += getattr(report, "duration", 0.0)
        test.swallowed += facts.get("swallowed", ())
        if report.outcome not in _KNOWN:
            return self._repetition(test, report, facts)
        if when == "teardown":
            return self._finish(name, self._open.pop(name), report, facts)
        self._add_phase(test, report, facts)
        return self._finish(name, self._open.pop(name)) if when not in ("setup", "call") else []

    def flush(self) -> List[Event]:
        """Outcomes of the tests that reported something, yet no teardown: pytest was stopped in between."""
        names = [name for name, test in self._open.items() if test.outcome and not test.repeated]
        return [event for name in names for event in self._finish(name, self._open.pop(name))]

    def _add_phase(self, test: _Open, report: Any, facts: Dict[str, Any]) -> None:
        if report.when != "setup":
            test.phase = "call"
        if report.passed:
            if report.when != "setup":
                test.outcome = "xpassed" if hasattr(report, "wasxfail") else "passed"
        elif report.skipped:
            test.outcome = "xfailed" if hasattr(report, "wasxfail") else "skipped"
            test.told = skip_told(report, self._places)
        else:
            test.outcome = "error" if report.when == "setup" else "failed"
            test.told = told(report, facts, self._places)

    def _add_subtest(self, test: _Open, report: Any, facts: Dict[str, Any]) -> None:
        test.swallowed += facts.get("swallowed", ())
        if report.passed:
            return
        event: Event = {"event": "subtest", "id": report.nodeid, "subtest": _described(report)}
        if report.failed:
            event.update(outcome="failed", **told(report, facts, self._places))
        else:
            expected = hasattr(report, "wasxfail")
            event.update(outcome="xfailed" if expected else "skipped", **skip_told(report, self._places))
        test.subtests.append(event)

    def _repetition(self, test: _Open, report: Any, facts: Dict[str, Any]) -> List[Event]:
        """An outcome of a plugin (`rerun`, `retried`): this attempt failed and the test is run again."""
        if test.repeated:
            return []
        test.repeated = True
        test.subtests.clear()
        test.swallowed.clear()
        failed = told(report, facts, self._places)
        return [{"event": "rerun", "id": report.nodeid, "phase": report.when, **failed}]

    def _finish(
        self, name: str, test: _Open, report: Any = None, facts: Optional[Dict[str, Any]] = None
    ) -> List[Event]:
        if test.repeated:
            return []
        failed = [one for one in test.subtests if one["outcome"] == "failed"]
        if failed and test.outcome in ("passed", "xpassed"):
            plural = "" if len(failed) == 1 else "s"
            test.outcome = "failed"
            test.told = {
                "message": f"{len(failed)} failed subtest{plural}",
                "where": failed[0]["where"],
                "details": "",
            }
        outcome = test.outcome or "not_run"
        self.counts[outcome] += 1
        event: Event = {"event": "test", "id": name, "outcome": outcome, "seconds": round(test.seconds, 6)}
        if outcome != "passed":
            event.update(phase=test.phase, **test.told)
        events = [event, *test.subtests, *_swallowed(name, outcome, test.swallowed)]
        if report is not None and report.failed:
            self.counts["teardown_error"] += 1
            events.append({"event": "teardown_error", "id": name, **told(report, facts or {}, self._places)})
        return events


def _swallowed(name: str, outcome: str, found: List[Dict[str, str]]) -> List[Event]:
    """What was caught on the way to a pass counts only where the test did pass."""
    kept = [one for one in found if one["how"] != "pass" or outcome == "passed"]
    return [{"event": "swallowed", "id": name, **one} for one in kept]


def _is_subtest(report: Any) -> bool:
    """A report of pytest's own subtests (9) or of pytest-subtests."""
    return type(report).__name__.lower() == "subtestreport"


def _described(report: Any) -> str:
    context = report.context
    named = ", ".join(f"{key}={value}" for key, value in dict(context.kwargs).items())
    return " ".join(
        part for part in (f"[{context.msg}]" if context.msg else "", f"({named})" if named else "") if part
    )
