"""An interval for the true rate that allows for when the trials stopped.

A test that stops as soon as it is sure stops more often on a lucky streak, so s/n and the usual interval around it
lean to the verdict. Here the ways to end are put in order, READY sooner above READY later above undecided by passes
above NOT READY later above NOT READY sooner; a higher rate moves the end up in that order, so turning round its exact
chances gives an interval as Clopper and Pearson (1934) did (Siegmund 1978; Jennison and Turnbull, Group Sequential
Methods, 2000, section 8.4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from readiness.trials.boundary import MOST_STATES, Stop, stops, total
from readiness.trials.decision import Decision, can_still_change, decide
from readiness.trials.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.trials.zone import Zone

HALVINGS: Final = 40
MOST_TRIALS: Final = 3_000
"""Beyond it an exact interval would not be quick; the one that holds at any time takes its place."""


@dataclass(frozen=True)
class Interval:
    """Bounds of the true rate, both included, that hold with a chance of at least `level`.

    `method` is `stagewise` (exact for a test that stopped at its first verdict or at its cap) or `any-time`
    (wider; holds whenever and for whatever reason the trials ended).
    """

    low: float
    high: float
    level: float
    method: str


def interval(zone: Zone, evidence: Evidence, cap: int | None = None, level: float = 0.95) -> Interval:
    """The interval after trials that ended with this evidence.

    `zone` is the one they were judged by, alpha shared out. `cap` is the budget of trials: trials may end a
    little before it, where the rest could not decide. Without it, undecided trials are taken to have ended
    at a number that the outcomes did not choose (time or tokens ran out).
    """
    if not _on_the_boundary(zone, evidence):
        return any_time(evidence, level)
    lowest, highest = _ends(zone, evidence, cap)
    tail = (1.0 - level) / 2.0
    above, below = _above(zone, lowest), _below(zone, highest)
    return Interval(
        _least_rate(above.chance, tail),
        1.0 - _least_rate(lambda failing: below.chance(1.0 - failing), tail),
        level,
        "stagewise",
    )


def any_time(evidence: Evidence, level: float = 0.95) -> Interval:
    """An interval that holds at every number of trials at once, and for any reason to stop.

    The rates at which the uniform mixture of likelihoods is not 1/(1 - level) times the rate's own
    (Robbins 1970; Ville's inequality).
    """
    passes, fails = evidence.passes, evidence.fails
    bar = math.lgamma(passes + 1) + math.lgamma(fails + 1) - math.lgamma(passes + fails + 2)
    bar += math.log1p(-level)
    peak = passes / evidence.trials if evidence.trials else 0.5
    low = _first(lambda rate: _log_likelihood(passes, fails, rate) >= bar, peak)
    high = 1.0 - _first(lambda rate: _log_likelihood(fails, passes, rate) >= bar, 1.0 - peak)
    return Interval(low, high, level, "any-time")


def _on_the_boundary(zone: Zone, evidence: Evidence) -> bool:
    """Whether trials one at a time can have ended there, and it can be computed quickly."""
    width = (zone.ready_at - zone.not_ready_at) / (zone.pass_step - zone.fail_step)
    if evidence.trials > MOST_TRIALS or evidence.trials * (width + 1.0) > MOST_STATES / 60:
        return False
    return any(
        (stop.passes, stop.fails) == (evidence.passes, evidence.fails) for stop in _stops(zone, evidence)
    )


def _ends(zone: Zone, evidence: Evidence, cap: int | None) -> tuple[Evidence, Evidence]:
    """The lowest and the highest end that the trials can have been on the way to when they were cut off."""
    left = 0 if cap is None else max(0, cap - evidence.trials)
    if decide(zone, evidence) is not Decision.UNDECIDED or can_still_change(zone, evidence, left):
        return evidence, evidence
    return Evidence(evidence.passes, evidence.fails + left), Evidence(evidence.passes + left, evidence.fails)


def _stops(zone: Zone, evidence: Evidence) -> tuple[Stop, ...]:
    return stops(zone, evidence.trials, curtailed=False)


@dataclass(frozen=True)
class _Tail:
    """Ends whose chances add up to that of a tail, or, when `rest`, to that of all the others."""

    points: tuple[Stop, ...]
    rest: bool

    def chance(self, rate: float) -> float:
        found = total(self.points, rate)
        return 1.0 - found if self.rest else found


def _above(zone: Zone, end: Evidence) -> _Tail:
    """Ending there or above."""
    if decide(zone, end) is Decision.NOT_READY:
        return _Tail(_sooner(zone, end, Decision.NOT_READY), rest=True)
    return _Tail(tuple(one for one in _stops(zone, end) if _at_or_above(one, end)), rest=False)


def _below(zone: Zone, end: Evidence) -> _Tail:
    """Ending there or below."""
    if decide(zone, end) is Decision.READY:
        return _Tail(_sooner(zone, end, Decision.READY), rest=True)
    return _Tail(tuple(one for one in _stops(zone, end) if _at_or_below(one, end)), rest=False)


def _sooner(zone: Zone, end: Evidence, decision: Decision) -> tuple[Stop, ...]:
    found = _stops(zone, end)
    return tuple(one for one in found if one.decision is decision and one.trials < end.trials)


def _at_or_above(stop: Stop, end: Evidence) -> bool:
    if stop.decision is Decision.UNDECIDED:
        return stop.passes >= end.passes
    return stop.decision is Decision.READY


def _at_or_below(stop: Stop, end: Evidence) -> bool:
    if stop.decision is Decision.UNDECIDED:
        return stop.passes <= end.passes
    return stop.decision is Decision.NOT_READY


def _least_rate(chance: Callable[[float], float], tail: float) -> float:
    """The least rate at which a chance that rises with it reaches `tail`, rounded down."""
    return 0.0 if chance(0.0) >= tail else _first(lambda rate: chance(rate) >= tail, 1.0)


def _first(holds: Callable[[float], bool], high: float) -> float:
    """Where something that holds from some point up to `high` begins, from below."""
    low = 0.0
    if holds(low):
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if holds(middle) else (middle, high)
    return low


def _log_likelihood(passes: int, fails: int, rate: float) -> float:
    if (rate <= 0.0 and passes) or (rate >= 1.0 and fails):
        return -math.inf
    return (passes * math.log(rate) if passes else 0.0) + (fails * math.log1p(-rate) if fails else 0.0)
