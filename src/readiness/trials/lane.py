"""The verdict of several tests that decide together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.trials.decision import Decision, decide
from readiness.trials.many_checks import failing_by_holm
from readiness.trials.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.trials.evidence import Evidence


@dataclass(frozen=True)
class LaneDecision:
    """`by_test` is each test's own verdict. `failing` names the tests proven failing, strongest first.

    With a chance of at most the zone's alpha any of `failing` is good. It holds every test that is NOT READY,
    and may hold more: once one is named, the bar for the others is lower.
    """

    decision: Decision
    by_test: Mapping[str, Decision]
    failing: tuple[str, ...]


def zones_of_lane(zones: Mapping[str, Zone]) -> dict[str, Zone]:
    """The zone under which each test is judged when all of these decide together: alpha shared out evenly."""
    return {name: zone.with_checks(len(zones)) for name, zone in zones.items()}


def lane_verdict(
    zone: Zone | Mapping[str, Zone],
    evidences: Mapping[str, Evidence],
    settled: Mapping[str, Decision] | None = None,
) -> LaneDecision:
    """One verdict of all tests: NOT READY as soon as one is, READY when all are.

    `zone` is that of every test, or one for each, as the user gave it: alpha is shared out here. `evidences`
    holds every test of the lane, those without a trial too: leaving one out would lower the bar for the others.
    `settled` are verdicts reached on the way, which are kept whatever came later. No tests: UNDECIDED.
    """
    zones = dict.fromkeys(evidences, zone) if isinstance(zone, Zone) else zone
    shared = zones_of_lane({name: zones[name] for name in evidences})
    by_test = {name: decide(shared[name], evidence) for name, evidence in evidences.items()}
    for name, kept in (settled or {}).items():
        if kept is not Decision.UNDECIDED:
            by_test[name] = kept
    return LaneDecision(_joined(by_test), by_test, _failing(zones, evidences, by_test))


def _joined(by_test: Mapping[str, Decision]) -> Decision:
    found = set(by_test.values())
    if Decision.NOT_READY in found:
        return Decision.NOT_READY
    return Decision.READY if found == {Decision.READY} else Decision.UNDECIDED


def _failing(
    zones: Mapping[str, Zone], evidences: Mapping[str, Evidence], by_test: Mapping[str, Decision]
) -> tuple[str, ...]:
    """Holm's names, at the strictest alpha among the tests, and whatever was proven besides."""
    if not evidences:
        return ()
    strictest = min(zones[name].alpha for name in evidences)
    against = {name: -evidence.log_e(zones[name]) for name, evidence in evidences.items()}
    named = failing_by_holm(against, strictest)
    proven = [name for name, one in by_test.items() if one is Decision.NOT_READY and name not in named]
    return (*named, *proven)
