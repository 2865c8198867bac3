"""What trials have shown so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from readiness.trials.zone import Zone


@dataclass(frozen=True)
class Evidence:
    """How many independent trials passed and failed; their order does not matter. Raises ValueError below 0.

    Whatever the infrastructure did to a trial is in neither number.
    """

    passes: int = 0
    fails: int = 0

    def __post_init__(self) -> None:
        for name in ("passes", "fails"):
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, int) or given < 0:
                raise ValueError(f"{name} must be a whole number from 0 on, not {given!r}")

    @property
    def trials(self) -> int:
        return self.passes + self.fails

    def add(self, passed: bool) -> Evidence:
        """One trial more."""
        return Evidence(self.passes + passed, self.fails + (not passed))

    def merge(self, *others: Evidence) -> Evidence:
        """The evidence of several runs: that of one run of all their trials."""
        return Evidence(
            self.passes + sum(one.passes for one in others), self.fails + sum(one.fails for one in others)
        )

    def log_e(self, zone: Zone) -> float:
        """Natural logarithm of the likelihood ratio of `good` against `bad`.

        Its exponential is an e-value against "p <= bad", and that of its negative one against "p >= good":
        each has a mean of at most 1 when that is so, at any stopping time (Wald 1945; Ville 1939). Those of
        several runs add up.
        """
        return self.passes * zone.pass_step + self.fails * zone.fail_step


def gathered(outcomes: Iterable[bool]) -> Evidence:
    """The evidence of these trials; True for one that passed."""
    passes = fails = 0
    for passed in outcomes:
        passes += passed
        fails += not passed
    return Evidence(passes, fails)
