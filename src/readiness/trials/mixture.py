"""Evidence on one side of a rate, without a zone: how surely a rate lies above, or below, a bound.

A mean of likelihood ratios over alternatives on the other side is an e-value again (Robbins 1970), and one that
grows whatever the true rate on that side is: for questions that name one bound alone, as those about flakes do.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from readiness.trials.evidence import Evidence

ALTERNATIVES: Final = 48


def log_e_above(evidence: Evidence, bound: float) -> float:
    """Log e-value against "the rate is at most `bound`"; large when it is above. Raises ValueError outside (0, 1)."""
    return _log_mean_ratio(evidence.passes, evidence.fails, bound)


def log_e_below(evidence: Evidence, bound: float) -> float:
    """Log e-value against "the rate is at least `bound`"; large when it is below. Raises ValueError outside (0, 1)."""
    return _log_mean_ratio(evidence.fails, evidence.passes, 1.0 - bound)


# A calibration asks of the same few counts again and again.
@lru_cache(maxsize=1 << 15)
def _log_mean_ratio(passes: int, fails: int, bound: float) -> float:
    """Logarithm of the mean, over rates above `bound`, of their likelihood divided by that of `bound`."""
    if not 0.0 < bound < 1.0:
        raise ValueError(f"the bound must lie between 0 and 1, not {bound!r}")
    logs = [passes * gained + fails * lost for gained, lost in _steps(bound)]
    top = max(logs)
    return top + math.log(math.fsum(math.exp(one - top) for one in logs) / len(logs))


@lru_cache(maxsize=64)
def _steps(bound: float) -> tuple[tuple[float, float], ...]:
    """What a pass and a failure add under each alternative: the midpoints of equal parts of what lies above."""
    rates = (bound + (1.0 - bound) * (part + 0.5) / ALTERNATIVES for part in range(ALTERNATIVES))
    return tuple((math.log(rate / bound), math.log((1.0 - rate) / (1.0 - bound))) for rate in rates)
