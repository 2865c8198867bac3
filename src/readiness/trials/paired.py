"""Whether something got worse, from pairs of trials on the same prompts.

When nothing has changed, the pairs that differ go either way equally often, whatever the prompts' own rates; so the
sign test (McNemar 1947), made sequential, compares two versions without a model of the prompts. Pairs that do not
differ say nothing of the direction, but many of them show that a change, if any, is small.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from readiness.trials.decision import Decision, decide
from readiness.trials.evidence import Evidence
from readiness.trials.mixture import log_e_above
from readiness.trials.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from readiness.trials.recorded import RecordedTrial


class Comparison(StrEnum):
    """What the pairs say of the new version."""

    WORSE = "worse"
    NOT_WORSE = "not worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class PairedTest:
    """What is to be told apart: nothing changed, and worse by a stated amount.

    `alpha` bounds P(worse | at most half of the differing pairs are), `beta` bounds P(not worse | at least
    `worse_share` of them are, and the rate fell by at least `margin`). Raises ValueError unless
    0.5 < worse_share < 1 and 0 < margin < 1.
    """

    worse_share: float = 0.75
    margin: float = 0.10
    alpha: float = 0.05
    beta: float = 0.05

    def __post_init__(self) -> None:
        if not 0.5 < self.worse_share < 1.0:
            raise ValueError(f"the share of worse pairs must lie between 0.5 and 1, not {self.worse_share!r}")
        if not 0.0 < self.margin < 1.0:
            raise ValueError(f"the margin must lie between 0 and 1, not {self.margin!r}")
        _ = self.zone

    @cached_property
    def zone(self) -> Zone:
        """The zone of the better ones among the differing pairs. Two ways lead to "not worse": each has half of beta."""
        return Zone(0.5, 1.0 - self.worse_share, self.alpha, self.beta / 2.0)

    def with_checks(self, checks: int) -> PairedTest:
        """One of so many comparisons made at once: alpha is shared out. Raises ValueError below one."""
        return replace(self, alpha=self.zone.with_checks(checks).alpha)


@dataclass(frozen=True)
class Pairs:
    """`worse`: passed before, failed now; `better`: the other way round; `same`: no difference."""

    worse: int = 0
    better: int = 0
    same: int = 0

    def add(self, before: bool, now: bool) -> Pairs:
        """One pair more."""
        if before is now:
            return Pairs(self.worse, self.better, self.same + 1)
        return Pairs(self.worse + before, self.better + now, self.same)


@dataclass(frozen=True)
class PairedResult:
    """The first verdict along the pairs, the pairs up to it, and the log e-value against "nothing changed" there."""

    comparison: Comparison
    pairs: Pairs
    log_e: float


def judge_pairs(test: PairedTest, pairs: Pairs) -> Comparison:
    """What the pairs say as they stand. A verdict once reached is kept: see `compare_pairs`."""
    decision = decide(test.zone, Evidence(pairs.better, pairs.worse))
    if decision is Decision.NOT_READY:
        return Comparison.WORSE
    # When the rate fell by the margin, at least so many pairs are worse; pairs without a difference speak against it.
    others = Evidence(pairs.better + pairs.same, pairs.worse)
    small = log_e_above(others, 1.0 - test.margin) >= test.zone.ready_at
    return Comparison.NOT_WORSE if small or decision is Decision.READY else Comparison.UNDECIDED


def compare_pairs(test: PairedTest, pairs: Iterable[tuple[bool, bool]]) -> PairedResult:
    """Go along pairs of (passed before, passed now) to the first verdict; later ones are not looked at."""
    counted, comparison = Pairs(), Comparison.UNDECIDED
    for before, now in pairs:
        counted = counted.add(before, now)
        comparison = judge_pairs(test, counted)
        if comparison is not Comparison.UNDECIDED:
            break
    log_e = -Evidence(counted.better, counted.worse).log_e(test.zone)
    return PairedResult(comparison, counted, log_e)


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
