"""Whether something got worse, from pairs of trials on the same prompts.

Of a pair in which both passed or both failed nothing is learnt. When nothing has changed, the others go either way
equally often, whatever the prompts' own rates; so the sign test (McNemar 1947), made sequential, compares two
versions without a model of the prompts.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from readiness.trials.decision import Decision, first_crossing
from readiness.trials.evidence import Evidence
from readiness.trials.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from readiness.trials.recorded import RecordedTrial

NOT_WORSE_SHARE: Final = 0.5
"""Share of differing pairs in which the new one fails when nothing changed."""
WORSE_SHARE: Final = 0.75
"""The alternative unless another is stated: of four differing pairs the new one fails in three."""


class Comparison(StrEnum):
    """What the pairs say of the new version."""

    WORSE = "worse"
    NOT_WORSE = "not worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Pairs:
    """`worse`: passed before, failed now; `better`: the other way round; `same`: no difference."""

    worse: int = 0
    better: int = 0
    same: int = 0

    def log_e(self, zone: Zone) -> float:
        """Log e-value against "not worse": above 0 speaks for worse."""
        return -Evidence(self.better, self.worse).log_e(zone)


@dataclass(frozen=True)
class PairedResult:
    """The first verdict along the pairs, the pairs up to it, and the log e-value against "not worse" there."""

    comparison: Comparison
    pairs: Pairs
    log_e: float


def paired_zone(worse_share: float = WORSE_SHARE, alpha: float = 0.05, beta: float = 0.05) -> Zone:
    """The zone of the better ones among the pairs that differ.

    `alpha` bounds P(worse | share <= 1/2), `beta` bounds P(not worse | share >= worse_share), where the share
    is that of pairs in which the new one fails. Raises ValueError unless 0.5 < worse_share < 1.
    """
    if not NOT_WORSE_SHARE < worse_share < 1.0:
        raise ValueError(f"the share of worse pairs must lie between 0.5 and 1, not {worse_share!r}")
    return Zone(1.0 - NOT_WORSE_SHARE, 1.0 - worse_share, alpha, beta)


def compare_pairs(zone: Zone, pairs: Iterable[tuple[bool, bool]]) -> PairedResult:
    """Go along pairs of (passed before, passed now) to the first verdict; later ones are not looked at."""
    same = 0

    def differing() -> Iterator[bool]:
        nonlocal same
        for before, now in pairs:
            if before is now:
                same += 1
            else:
                yield now

    found = first_crossing(zone, differing())
    counted = Pairs(found.evidence.fails, found.evidence.passes, same)
    return PairedResult(_COMPARISONS[found.decision], counted, counted.log_e(zone))


def pair_up(
    before: Iterable[RecordedTrial], now: Iterable[RecordedTrial]
) -> tuple[tuple[tuple[bool, bool], ...], int]:
    """Pairs in the order of the new trials, and how many of those found no partner.

    The n-th trial of a prompt goes with the n-th earlier one of that prompt, each used once; trials without a
    prompt are taken to share one. Trials that the infrastructure spoilt are left out.
    """
    waiting: dict[str, deque[bool]] = defaultdict(deque)
    for trial in before:
        if trial.counts:
            waiting[trial.prompt].append(trial.passed)
    pairs: list[tuple[bool, bool]] = []
    alone = 0
    for trial in now:
        if not trial.counts:
            continue
        if waiting[trial.prompt]:
            pairs.append((waiting[trial.prompt].popleft(), trial.passed))
        else:
            alone += 1
    return tuple(pairs), alone


_COMPARISONS: Final = {
    Decision.READY: Comparison.NOT_WORSE,
    Decision.NOT_READY: Comparison.WORSE,
    Decision.UNDECIDED: Comparison.UNDECIDED,
}
