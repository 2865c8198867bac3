"""What the verdict would be had the trials that the infrastructure spoilt all passed, or all failed.

Trials lost to the infrastructure are left out, which is right when they are lost by chance. When they are many, that
is no longer a matter of course: a service that times out on the hard prompts would look good on the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from readiness.trials.decision import Decision, decide
from readiness.trials.evidence import Evidence

if TYPE_CHECKING:
    from readiness.trials.zone import Zone

MANY: Final = 0.1
"""Lost trials are many when they are more than this share of all that were started."""


@dataclass(frozen=True)
class WorstCase:
    """`observed` leaves out what was lost; `best` counts it as passed, `worst` as failed.

    `decision` is what may be said: `observed`, or UNDECIDED when many were lost and they could have changed it.
    """

    lost: int
    many: bool
    observed: Decision
    best: Decision
    worst: Decision
    decision: Decision


def with_lost(zone: Zone, evidence: Evidence, lost: int, settled: Decision | None = None) -> WorstCase:
    """The verdict under both extremes. `settled` is a verdict reached on the way, which stands for the observed one.

    Raises ValueError when `lost` is below 0.
    """
    if lost < 0:
        raise ValueError(f"lost must be a number from 0 on, not {lost}")
    observed = settled or decide(zone, evidence)
    best = decide(zone, Evidence(evidence.passes + lost, evidence.fails)) if lost else observed
    worst = decide(zone, Evidence(evidence.passes, evidence.fails + lost)) if lost else observed
    many = lost > MANY * (lost + evidence.trials)
    swayed = many and not best is worst is observed
    return WorstCase(lost, many, observed, best, worst, Decision.UNDECIDED if swayed else observed)
