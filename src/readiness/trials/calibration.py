"""Whether the decision errs as seldom as it says, on trials that were recorded: no model is asked.

Its error rates are proved for independent trials. Recorded ones may not be: answers from a cache, a server that is
slow for minutes, a prompt that always fails. So they are resampled in blocks, which keeps what hangs together, and
their rate is moved, by turning outcomes at random, to where the right verdict is known: a service that is just good,
and one that is just bad. Each must get the wrong verdict as seldom as its risk says.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from readiness.trials.boundary import TooLarge, operating
from readiness.trials.decision import Decision, first_crossing
from readiness.trials.paired import Comparison, PairedTest, compare_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from readiness.trials.recorded import RecordedTrial
    from readiness.trials.zone import Zone

FEWEST: Final = 20
"""Fewer trials than this cannot show how they hang together."""
CHANCE: Final = 0.001
"""The risk of blaming a sound decision: how unlikely a share must be under its bound before it counts as above."""


@dataclass(frozen=True)
class Share:
    """How often something happened in `of` resamples, next to what it should be; `holds` allows for their number."""

    times: int
    of: int
    bound: float
    holds: bool

    @property
    def share(self) -> float:
        return self.times / self.of


@dataclass(frozen=True)
class Calibration:
    """One test. `same` is A against A called worse; `good` a service at the good rate called NOT READY.

    `missed` is a planted bad service called READY, `caught` one called NOT READY. All None with too few trials.
    """

    test: str
    trials: int
    passes: int
    block: int
    same: Share | None = None
    good: Share | None = None
    missed: Share | None = None
    caught: Share | None = None

    @property
    def enough(self) -> bool:
        return self.same is not None

    @property
    def holds(self) -> bool:
        """Whether there was enough to go by, and every share keeps its bound."""
        shares = (self.same, self.good, self.missed, self.caught)
        return all(one is not None and one.holds for one in shares)


def calibrate(
    test: str, trials: Iterable[RecordedTrial], zone: Zone, cap: int, resamples: int = 1000, seed: int = 0
) -> Calibration:
    """Resample one test's trials, in their recorded order, and judge each resample as the gate would.

    `cap` is the budget of trials. The same seed gives the same answer.
    """
    kept = [(trial.prompt, trial.passed) for trial in trials if trial.counts]
    passes = sum(passed for _, passed in kept)
    block = max(1, math.isqrt(len(kept)))
    if len(kept) < FEWEST:
        return Calibration(test, len(kept), passes, block)
    draw = random.Random(f"{seed} {test}")
    good = Counter(_judged(kept, zone, cap, zone.good, block, draw) for _ in range(resamples))
    bad = Counter(_judged(kept, zone, cap, zone.bad, block, draw) for _ in range(resamples))
    same = Counter(_itself(kept, zone, cap, block, draw) for _ in range(resamples))
    return Calibration(
        test,
        len(kept),
        passes,
        block,
        _at_most(same[Comparison.WORSE], resamples, zone.alpha),
        _at_most(good[Decision.NOT_READY], resamples, zone.alpha),
        _at_most(bad[Decision.READY], resamples, zone.beta),
        _at_least(bad[Decision.NOT_READY], resamples, _catchable(zone, cap)),
    )


def _judged(
    kept: Sequence[tuple[str, bool]], zone: Zone, cap: int, rate: float, block: int, draw: random.Random
) -> Decision:
    """The verdict on a resample whose rate was moved to `rate`."""
    turned = _turned(_blocks(kept, block, draw), sum(one for _, one in kept) / len(kept), rate, draw)
    return first_crossing(zone, islice(turned, cap)).decision


def _itself(
    kept: Sequence[tuple[str, bool]], zone: Zone, cap: int, block: int, draw: random.Random
) -> Comparison:
    """What a comparison of the recorded service with itself says, on the same prompts."""
    before, now = _ByPrompt(kept, block, draw), _ByPrompt(kept, block, draw)
    prompts = (prompt for prompt, _ in islice(_blocks(kept, block, draw), cap))
    pairs = ((before.next(prompt), now.next(prompt)) for prompt in prompts)
    return compare_pairs(PairedTest(alpha=zone.alpha, beta=zone.beta), pairs).comparison


def _blocks(kept: Sequence[tuple[str, bool]], block: int, draw: random.Random) -> Iterator[tuple[str, bool]]:
    """Without end: runs of `block` neighbours from random places, the end joined to the start (Politis, Romano 1992)."""
    while True:
        start = draw.randrange(len(kept))
        for step in range(block):
            yield kept[(start + step) % len(kept)]


def _turned(
    stream: Iterator[tuple[str, bool]], rate: float, wanted: float, draw: random.Random
) -> Iterator[bool]:
    """The outcomes, with as many turned at random as move their rate from `rate` to `wanted`."""
    if rate >= wanted:
        for _, passed in stream:
            yield passed and draw.random() * rate < wanted
    else:
        for _, passed in stream:
            yield passed or draw.random() * (1.0 - rate) < wanted - rate


class _ByPrompt:
    """Outcomes of a prompt on request, in runs of neighbours among that prompt's own."""

    def __init__(self, kept: Sequence[tuple[str, bool]], block: int, draw: random.Random) -> None:
        own: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        for prompt, passed in kept:
            own[prompt].append((prompt, passed))
        self._streams = {prompt: _blocks(trials, block, draw) for prompt, trials in own.items()}

    def next(self, prompt: str) -> bool:
        return next(self._streams[prompt])[1]


def _catchable(zone: Zone, cap: int) -> float:
    """The least share of bad services that independent trials would prove bad within the cap."""
    try:
        return 1.0 - zone.beta - operating(zone, zone.bad, cap).inconclusive
    except TooLarge:
        return 0.0


def _at_most(times: int, of: int, bound: float) -> Share:
    return Share(times, of, bound, _tail(times, of, bound) >= CHANCE)


def _at_least(times: int, of: int, bound: float) -> Share:
    return Share(times, of, bound, bound <= 0.0 or _tail(of - times, of, 1.0 - bound) >= CHANCE)


def _tail(times: int, of: int, chance: float) -> float:
    """P(X >= times) of a binomial number."""
    logs = (
        math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        + k * math.log(chance) + (of - k) * math.log1p(-chance)
        for k in range(times, of + 1)
    )  # fmt: skip
    return math.fsum(math.exp(one) for one in logs)
