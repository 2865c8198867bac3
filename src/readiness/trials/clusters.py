"""How much trials on one prompt resemble each other, and how many independent ones they are worth.

The sequential decision is about this set of prompts, each repeated; it stays right when prompts differ. To speak of
prompts in general, trials of one prompt count for less: their intraclass correlation says how much.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Clustering:
    """`correlation` is the intraclass correlation by prompt, 0 to 1; None where it cannot be told.

    That is so with a single prompt, with no prompt asked twice, and where all outcomes are the same.
    `effective` is the number of independent trials that these are worth: from the number of prompts to `trials`.
    """

    trials: int
    prompts: int
    correlation: float | None
    effective: float


def clustering(outcomes: Iterable[tuple[str, bool]]) -> Clustering:
    """From (prompt, passed) of each trial.

    The correlation is the one-way analysis-of-variance estimate for groups of unequal size (Donner 1986), held
    within 0 and 1; the effective number divides by the design effect 1 + (m - 1) rho (Kish 1965), with m the
    mean size of a trial's own group.
    """
    sizes: Counter[str] = Counter()
    passes: Counter[str] = Counter()
    for prompt, passed in outcomes:
        sizes[prompt] += 1
        passes[prompt] += passed
    trials = sizes.total()
    correlation = _correlation(sizes, passes)
    if not trials or correlation is None:
        return Clustering(trials, len(sizes), correlation, float(trials))
    own_group = sum(size * size for size in sizes.values()) / trials
    return Clustering(trials, len(sizes), correlation, trials / (1.0 + (own_group - 1.0) * correlation))


def _correlation(sizes: Counter[str], passes: Counter[str]) -> float | None:
    trials, groups = sizes.total(), len(sizes)
    if groups < 2 or trials == groups:
        return None
    rate = passes.total() / trials
    between = math.fsum(size * (passes[one] / size - rate) ** 2 for one, size in sizes.items())
    within = math.fsum(passes[one] * (1.0 - passes[one] / size) for one, size in sizes.items())
    between, within = between / (groups - 1), within / (trials - groups)
    usual = (trials - sum(size * size for size in sizes.values()) / trials) / (groups - 1)
    spread = between + (usual - 1.0) * within
    return min(1.0, max(0.0, (between - within) / spread)) if spread > 0.0 else None
