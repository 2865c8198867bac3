"""What a test of a non-deterministic thing must tell apart, and how often it may err."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from readiness.config.model import Trials

SMALLEST_RISK: Final = 1e-12
LEAST_ROOM: Final = 1e-4
"""Nats that one trial can tell `bad` from `good` by, at least."""


@dataclass(frozen=True)
class Zone:
    """A rate of success of at least `good` must be READY, one of at most `bad` must not; between them either will do.

    `alpha` bounds P(NOT READY | p >= good), `beta` bounds P(READY | p <= bad): over the whole path, whenever
    and however often it is looked at (Ville 1939). Raises ValueError unless 0 < bad < good < 1 with some room
    between them, and both risks lie between 1e-12 and 0.5: nothing else could be told in a lifetime of trials.
    """

    good: float = 0.95
    bad: float = 0.80
    alpha: float = 0.05
    beta: float = 0.05

    def __post_init__(self) -> None:
        for name in ("good", "bad"):
            _refuse_outside(name, getattr(self, name), 0.0, 1.0)
        for name in ("alpha", "beta"):
            _refuse_outside(name, getattr(self, name), SMALLEST_RISK, 0.5)
        if self.bad >= self.good:
            raise ValueError(f"good ({self.good:g}) must be above bad ({self.bad:g})")
        if relative_entropy(self.bad, self.good) < LEAST_ROOM:
            raise ValueError(
                f"good ({self.good:.12g}) and bad ({self.bad:.12g}) are too close: "
                "telling them apart would take tens of thousands of trials"
            )

    @classmethod
    def of(cls, trials: Trials) -> Zone:
        """The zone of a check's `trials` in the configuration."""
        return cls(trials.good, trials.bad, trials.alpha, trials.beta)

    def with_checks(self, checks: int) -> Zone:
        """The zone of one of `checks` that decide together: alpha is shared out, beta is not.

        One false NOT READY turns the whole red, so the chance of it adds up; READY needs every one of them,
        so a bad one is passed no more often among many. Raises ValueError below one check.
        """
        if checks < 1:
            raise ValueError(f"{checks} checks: there must be at least one")
        return replace(self, alpha=self.alpha / checks)

    @cached_property
    def pass_step(self) -> float:
        """What a passed trial adds to the logarithm of the likelihood ratio; above 0."""
        return math.log(self.good / self.bad)

    @cached_property
    def fail_step(self) -> float:
        """What a failed trial adds to it; below 0."""
        return math.log((1.0 - self.good) / (1.0 - self.bad))

    @cached_property
    def ready_at(self) -> float:
        """The logarithm of the likelihood ratio from which on it is READY; above 0."""
        return -math.log(self.beta)

    @cached_property
    def not_ready_at(self) -> float:
        """The logarithm of the likelihood ratio down to which it is not NOT READY; below 0."""
        return math.log(self.alpha)


def relative_entropy(one: float, other: float) -> float:
    """Of one Bernoulli rate with respect to another, in nats (Kullback and Leibler 1951)."""
    return one * math.log(one / other) + (1.0 - one) * math.log((1.0 - one) / (1.0 - other))


def _refuse_outside(name: str, given: float, least: float, most: float) -> None:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not least < given < most:
        raise ValueError(f"{name} must lie between {least:g} and {most:g}, not {given!r}")
