"""The test that a sequential one competes with: a number of trials fixed beforehand, and a least number of passes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from readiness.trials.boundary import TooLarge
from readiness.trials.zone import relative_entropy

if TYPE_CHECKING:
    from readiness.trials.zone import Zone

MOST_TRIALS: Final = 1_000_000


@dataclass(frozen=True)
class FixedTest:
    """READY when at least `least_passes` of `trials` pass, else NOT READY."""

    trials: int
    least_passes: int

    def ready(self, rate: float) -> float:
        """The chance of READY at this true rate."""
        return 1.0 - _at_most(self.trials, self.least_passes - 1, rate)

    def curtailed_mean(self, rate: float) -> float:
        """Mean number of trials when it stops as soon as what is left cannot change it.

        That is the negative binomial number of trials to `least_passes` passes or to one failure too many.
        """
        passes, fails = self.least_passes, self.trials - self.least_passes + 1
        by_passes = (
            (passes + lost) * _ways(passes + lost - 1, lost, passes, lost, rate) for lost in range(fails)
        )
        by_fails = ((fails + won) * _ways(fails + won - 1, won, won, fails, rate) for won in range(passes))
        return math.fsum(by_passes) + math.fsum(by_fails)


def fixed_test(zone: Zone) -> FixedTest:
    """The shortest fixed test with the errors of this zone: P(NOT READY | good) <= alpha, P(READY | bad) <= beta.

    Raises TooLarge when it is longer than a million trials.
    """
    shortest = max(1, math.floor(_least_length(zone)))
    threshold, below_good, below_bad = 0, 0.0, 0.0
    for trials in range(shortest, MOST_TRIALS + 1):
        # P(S < c) of one trial more, from that of the trials before.
        if threshold:
            below_good -= zone.good * _exactly(trials - 1, threshold - 1, zone.good)
            below_bad -= zone.bad * _exactly(trials - 1, threshold - 1, zone.bad)
        while below_good + (more := _exactly(trials, threshold, zone.good)) <= zone.alpha:
            below_good += more
            below_bad += _exactly(trials, threshold, zone.bad)
            threshold += 1
        if 1.0 - below_bad <= zone.beta:
            return FixedTest(trials, threshold)
    raise TooLarge(f"telling {zone.good:g} from {zone.bad:g} needs more than {MOST_TRIALS} trials")


def _least_length(zone: Zone) -> float:
    """No test with these errors is shorter, by the data-processing inequality of relative entropy."""
    return relative_entropy(zone.beta, 1.0 - zone.alpha) / relative_entropy(zone.bad, zone.good)


def _at_most(trials: int, passes: int, rate: float) -> float:
    """P(S <= passes) of a binomial number."""
    return min(1.0, math.fsum(_exactly(trials, count, rate) for count in range(passes + 1)))


def _exactly(trials: int, passes: int, rate: float) -> float:
    return _ways(trials, passes, passes, trials - passes, rate)


def _ways(of: int, chosen: int, passes: int, fails: int, rate: float) -> float:
    """binomial(of, chosen) * rate**passes * (1 - rate)**fails, without overflow."""
    if (rate <= 0.0 and passes) or (rate >= 1.0 and fails):
        return 0.0
    log = math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)
    log += passes * math.log(rate) if passes else 0.0
    log += fails * math.log1p(-rate) if fails else 0.0
    return math.exp(log)
