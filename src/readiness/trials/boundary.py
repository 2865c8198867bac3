"""Every way the sequential test can end, with its exact chance at any true rate.

The number of paths to each stopping point does not depend on the rate, so it is counted once, in whole numbers, by
dynamic programming over the points where trials go on; a rate then weighs them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from readiness.trials.decision import Decision, decide, passes_to_ready
from readiness.trials.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from readiness.trials.zone import Zone

MOST_STATES: Final = 1_500_000
"""More points than this take too long to count."""
NEGLIGIBLE: Final = 1e-8
"""What may still be undecided where no budget ends the trials."""


class TooLarge(ValueError):
    """The zone is so narrow, or the cap so high, that an exact computation would take too long."""


@dataclass(frozen=True)
class Stop:
    """One point at which trials end, and the natural logarithm of the number of paths that end there."""

    decision: Decision
    passes: int
    fails: int
    log_paths: float

    @property
    def trials(self) -> int:
        return self.passes + self.fails


@dataclass(frozen=True)
class Operating:
    """What the test does at one true rate. `trials` pairs each possible number of trials with its chance, rising."""

    rate: float
    ready: float
    not_ready: float
    inconclusive: float
    mean_trials: float
    trials: tuple[tuple[int, float], ...]

    def percentile(self, share: float) -> int:
        """The least number of trials that is enough with at least that chance."""
        so_far = 0.0
        for count, chance in self.trials:
            so_far += chance
            if so_far >= share - 1e-12:
                return count
        return self.trials[-1][0]


@lru_cache(maxsize=256)
def stops(zone: Zone, cap: int, *, curtailed: bool = True) -> tuple[Stop, ...]:
    """Every point at which at most `cap` trials can end, by rising number of failures.

    With `curtailed`, trials also end where what is left of the cap could no longer decide, as the runner ends
    them; without, they go on to the cap. Raises TooLarge.
    """
    width = (zone.ready_at - zone.not_ready_at) / (zone.pass_step - zone.fail_step)
    if cap * (width + 1.0) > MOST_STATES:
        raise TooLarge(
            f"telling {zone.good:g} from {zone.bad:g} within {cap} trials takes too long to compute"
        )
    return tuple(_walk(zone, cap, curtailed))


def total(points: Iterable[Stop], rate: float) -> float:
    """The chance of ending at one of these points. `rate` lies between 0 and 1, both included."""
    if rate <= 0.0 or rate >= 1.0:
        return math.fsum(_at_the_edge(stop, rate) for stop in points)
    passed, failed = math.log(rate), math.log1p(-rate)
    return math.fsum(math.exp(one.log_paths + one.passes * passed + one.fails * failed) for one in points)


def operating(zone: Zone, rate: float, cap: int | None = None) -> Operating:
    """What the test does at this true rate; without a cap, as if the trials never ran out.

    Then `inconclusive` is what is left at a horizon where it is below 1e-8. Raises TooLarge.
    """
    return _operating(stops(zone, horizon(zone, rate) if cap is None else cap), rate)


def horizon(zone: Zone, rate: float) -> int:
    """A number of trials after which next to nothing is undecided at this rate. Raises TooLarge."""
    cap = 64
    while _left(zone, cap, rate) > NEGLIGIBLE:
        cap *= 2
    return cap


def _left(zone: Zone, cap: int, rate: float) -> float:
    return total((stop for stop in stops(zone, cap) if stop.decision is Decision.UNDECIDED), rate)


def _operating(points: tuple[Stop, ...], rate: float) -> Operating:
    by_decision: dict[Decision, float] = defaultdict(float)
    by_trials: dict[int, float] = defaultdict(float)
    for stop in points:
        chance = total((stop,), rate)
        by_decision[stop.decision] += chance
        by_trials[stop.trials] += chance
    return Operating(
        rate,
        by_decision[Decision.READY],
        by_decision[Decision.NOT_READY],
        by_decision[Decision.UNDECIDED],
        math.fsum(count * chance for count, chance in by_trials.items()),
        tuple(sorted((count, chance) for count, chance in by_trials.items() if chance > 0.0)),
    )


def _at_the_edge(stop: Stop, rate: float) -> float:
    """At 0 and at 1 one path alone is possible."""
    possible = stop.fails == 0 if rate >= 1.0 else stop.passes == 0
    return math.exp(stop.log_paths) if possible else 0.0


def _walk(zone: Zone, cap: int, curtailed: bool) -> Iterator[Stop]:
    """One column a number of failures: paths enter it by a failure, and climb it by passes."""
    edges = _Edges(zone)
    entering = {0: 1}
    fails = 0
    while entering:
        failing: dict[int, int] = {}
        yield from _climb(edges, fails, entering, failing, cap, curtailed)
        fails += 1
        lost = edges.not_ready_up_to(fails)
        entering = {}
        for passes, paths in failing.items():
            if passes <= lost:
                yield Stop(Decision.NOT_READY, passes, fails, math.log(paths))
            else:
                entering[passes] = paths


def _climb(
    edges: _Edges, fails: int, entering: dict[int, int], failing: dict[int, int], cap: int, curtailed: bool
) -> Iterator[Stop]:
    """Follow the paths with this many failures up; those that fail next are left in `failing`."""
    won = edges.ready_from(fails)
    passes, last = min(entering), max(entering)
    paths = 0
    while paths or passes <= last:
        paths += entering.get(passes, 0)
        if passes >= won:
            yield Stop(Decision.READY, passes, fails, math.log(paths))
            return
        if paths:
            left = cap - passes - fails
            if left <= 0 or (curtailed and edges.out_of_reach(passes, fails, left)):
                yield Stop(Decision.UNDECIDED, passes, fails, math.log(paths))
                paths = 0
            else:
                failing[passes] = paths
        passes += 1


class _Edges:
    """Where the two verdicts begin, by number of failures; as `decide` has it, to the last bit."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._won: dict[int, int] = {}
        self._lost: dict[int, int] = {}

    def ready_from(self, fails: int) -> int:
        """The least number of passes that is READY."""
        if fails not in self._won:
            self._won[fails] = passes_to_ready(self._zone, Evidence(0, fails))
        return self._won[fails]

    def not_ready_up_to(self, fails: int) -> int:
        """The most passes that are NOT READY; -1 for none."""
        if fails not in self._lost:
            self._lost[fails] = _not_ready_up_to(self._zone, fails)
        return self._lost[fails]

    def out_of_reach(self, passes: int, fails: int, left: int) -> bool:
        return passes + left < self.ready_from(fails) and passes > self.not_ready_up_to(fails + left)


def _not_ready_up_to(zone: Zone, fails: int) -> int:
    passes = max(-1, math.floor((zone.not_ready_at - fails * zone.fail_step) / zone.pass_step))
    while passes >= 0 and decide(zone, Evidence(passes, fails)) is not Decision.NOT_READY:
        passes -= 1
    while decide(zone, Evidence(passes + 1, fails)) is Decision.NOT_READY:
        passes += 1
    return passes
