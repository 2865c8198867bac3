"""What came of one trial, told as of any test: from its reports, or from how its process ended."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from readiness_probe.clock import clock
from readiness_probe.evidence import FACTS
from readiness_probe.outcomes import Outcomes

if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from readiness_probe.forked import Child
    from readiness_probe.places import Places


def of_reports(reports: List[Any], places: Places, took: float) -> Dict[str, Any]:
    """`outcome` and `seconds`; unless it passed, also `phase`, `message`, `where`, `details`.

    A pass that swallowed an assertion has failed, and one whose tear-down broke is an error.
    """
    outcomes = Outcomes(places)
    events = [event for report in reports for event in outcomes.add(report, _facts(report))]
    events += outcomes.flush()
    found = {str(event.pop("event")): event for event in reversed(events)}
    facts = found.get("test", {"outcome": "not_run", "seconds": round(took, 6)})
    for kind, outcome, phase in (("swallowed", "failed", "call"), ("teardown_error", "error", "teardown")):
        if kind in found and facts["outcome"] == "passed":
            told = {name: found[kind].get(name, "") for name in ("message", "where", "details")}
            facts = {**facts, "outcome": outcome, "phase": phase, **told}
    return {name: value for name, value in facts.items() if name != "id"}


def of_its_end(child: Child, stack: str, deadline: Optional[float]) -> Dict[str, Any]:
    """The test ended its process: a crash, an `os._exit`, its own deadline (which leaves a `stack`)."""
    status = child.status or 0
    how = f"by signal {-status}" if status < 0 else f"with exit code {status}"
    late = f"still running after {deadline:g} s, its own deadline" if stack and deadline else ""
    return {
        "outcome": "failed",
        "seconds": round(clock.time() - child.began, 6),
        "phase": "call",
        "message": late or f"its process ended {how}",
        "details": stack,
    }


def no_trial(item: Any) -> List[Any]:
    """What is shown of a test of which the gate wanted no trial: it was skipped, and why."""
    path, line, _ = item.location
    why = (str(path), (line or 0) + 1, "Skipped: the gate wanted no trial of it")
    named = {"nodeid": item.nodeid, "location": item.location, "keywords": {}}
    return [
        pytest.TestReport(**named, outcome="skipped", longrepr=why, when="setup"),
        pytest.TestReport(**named, outcome="passed", longrepr=None, when="teardown"),
    ]


def taken(path: str) -> str:
    """What stands in a file that then goes; empty when there is none."""
    with contextlib.suppress(FileNotFoundError):
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            text = file.read()
        os.unlink(path)
        return text
    return ""


def _facts(report: Any) -> Dict[str, Any]:
    return dict(report.__dict__.get(FACTS, {}))
