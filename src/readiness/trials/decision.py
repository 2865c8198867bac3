"""READY, NOT READY or not yet: Wald's sequential probability ratio test, and which trials can still matter to it.

With thresholds at 1/beta and 1/alpha each likelihood ratio is a test martingale, so the bounds on the errors
hold for every stopping time: a budget may end the trials, and a later run may go on with them
(Wald, Sequential Tests of Statistical Hypotheses, 1945; Ramdas et al., Game-Theoretic Statistics and Safe
Anytime-Valid Inference, 2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from readiness.trials.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from readiness.trials.zone import Zone


class Decision(StrEnum):
    """What the evidence says. `UNDECIDED` is what a budget turns into INCONCLUSIVE."""

    READY = "READY"
    NOT_READY = "NOT READY"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class Crossing:
    """Where a path of trials was first decided, or where it ended undecided."""

    decision: Decision
    evidence: Evidence


def decide(zone: Zone, evidence: Evidence) -> Decision:
    """What the evidence says as it stands. A verdict once reached is kept: see `first_crossing`."""
    ratio = evidence.log_e(zone)
    if ratio >= zone.ready_at:
        return Decision.READY
    if ratio <= zone.not_ready_at:
        return Decision.NOT_READY
    return Decision.UNDECIDED


def decide_path(zone: Zone, outcomes: Iterable[bool]) -> Decision:
    """The first verdict along a sequence of trials; what comes after it changes nothing."""
    return first_crossing(zone, outcomes).decision


def first_crossing(zone: Zone, outcomes: Iterable[bool], start: Evidence | None = None) -> Crossing:
    """Where the sequence is first decided, going on from `start`; later outcomes are not taken from it."""
    evidence = start or Evidence()
    decision = decide(zone, evidence)
    if decision is not Decision.UNDECIDED:
        return Crossing(decision, evidence)
    for passed in outcomes:
        evidence = evidence.add(passed)
        decision = decide(zone, evidence)
        if decision is not Decision.UNDECIDED:
            break
    return Crossing(decision, evidence)


def passes_to_ready(zone: Zone, evidence: Evidence) -> int:
    """How many passes in a row would make it READY; 0 when it is."""
    steps = _steps(zone.ready_at - evidence.log_e(zone), zone.pass_step)
    return _least(steps, lambda n: Evidence(evidence.passes + n, evidence.fails).log_e(zone) >= zone.ready_at)


def fails_to_not_ready(zone: Zone, evidence: Evidence) -> int:
    """How many failures in a row would make it NOT READY; 0 when it is."""
    steps = _steps(zone.not_ready_at - evidence.log_e(zone), zone.fail_step)
    return _least(
        steps, lambda n: Evidence(evidence.passes, evidence.fails + n).log_e(zone) <= zone.not_ready_at
    )


def can_still_change(zone: Zone, evidence: Evidence, trials_left: int) -> bool:
    """Whether some outcome of that many more trials would decide it. A verdict does not change."""
    return 0 < _nearest(zone, evidence) <= trials_left


def next_batch(zone: Zone, evidence: Evidence, slots: int, trials_left: int, running: int = 0) -> int:
    """How many trials to start now, with `running` under way, `slots` in all and a budget of `trials_left`.

    `trials_left` counts the trials under way. Never more are under way than the shortest way to a verdict is
    long. So none is ever in vain, the verdict is that of the same trials one at a time, and the order in which
    a batch comes in (failures are often quicker) cannot sway it. 0 when decided or when the budget cannot
    decide it.
    """
    if not can_still_change(zone, evidence, trials_left):
        return 0
    return max(0, min(slots, trials_left, _nearest(zone, evidence)) - running)


def _nearest(zone: Zone, evidence: Evidence) -> int:
    """Length of the shortest way to a verdict; 0 when there is one."""
    return min(passes_to_ready(zone, evidence), fails_to_not_ready(zone, evidence))


def _steps(distance: float, step: float) -> int:
    return max(0, math.ceil(distance / step))


def _least(guess: int, enough: Callable[[int], bool]) -> int:
    """The least number that is enough, next to a guess that rounding may have moved by one."""
    while guess > 0 and enough(guess - 1):
        guess -= 1
    while not enough(guess):
        guess += 1
    return guess
