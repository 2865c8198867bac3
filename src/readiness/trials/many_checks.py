"""Which of many checks are the failing ones: by e-values, so that it holds whenever each of them was stopped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def failing_by_holm(against: Mapping[str, float], alpha: float) -> tuple[str, ...]:
    """Checks proven failing, with a chance of at most `alpha` that any of them is good; strongest first.

    `against` is each check's log e-value against being good. The k-th strongest of m is named when its e-value
    is at least (m - k + 1) / alpha and all before it were: Holm's procedure (1979) on the p-values 1/e.
    """
    ranked = _ranked(against)
    named: list[str] = []
    for left, name in zip(range(len(ranked), 0, -1), ranked, strict=True):
        if against[name] < math.log(left / alpha):
            break
        named.append(name)
    return tuple(named)


def failing_by_e_bh(against: Mapping[str, float], alpha: float) -> tuple[str, ...]:
    """Checks named failing, of which in the mean a share of at most `alpha` is good; strongest first.

    The k strongest of m are named for the largest k at which the k-th e-value is at least m / (k alpha). It
    holds under any dependence (Wang and Ramdas, False discovery rate control with e-values, 2022).
    """
    ranked = _ranked(against)
    count = max(
        (k for k, name in enumerate(ranked, 1) if against[name] >= math.log(len(ranked) / (k * alpha))),
        default=0,
    )
    return tuple(ranked[:count])


def _ranked(against: Mapping[str, float]) -> list[str]:
    return sorted(against, key=lambda name: (-against[name], name))
