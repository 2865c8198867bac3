"""Tests that should be deterministic and are not: how often they fail, how sure that is, and what quarantine hides.

A core test that passed and failed on the same inputs is flaky, which needs no statistics. How bad it is does: counts
("two in seven days") measure how often it ran, so quarantine goes by rate, with an e-value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from readiness.trials.evidence import Evidence
from readiness.trials.mixture import log_e_above, log_e_below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.config.model import Quarantine
    from readiness.trials.zone import Zone

FORMAT: Final = "readiness/flakes/1"
MOST_INPUTS: Final = 50
"""Older inputs are forgotten: what a test did on long gone code says little of it now."""


class FlakesError(ValueError):
    """Kept outcomes that are not of this form."""


class Standing(StrEnum):
    """What a test's outcomes make of it."""

    STEADY = "steady"
    """Never seen to both pass and fail on the same inputs."""
    FLAKY = "flaky"
    """Seen to do both; it may be too rare, or too often, or not yet known well enough, for quarantine."""
    QUARANTINABLE = "quarantinable"
    """Flaky, proven below the zone's good rate, and proven above its bad one."""


@dataclass(frozen=True)
class Flake:
    """One test's outcomes, by digest of its inputs, oldest first."""

    by_inputs: Mapping[str, Evidence] = field(default_factory=dict)

    @property
    def flaky(self) -> bool:
        """Whether it both passed and failed on some same inputs."""
        return any(one.passes and one.fails for one in self.by_inputs.values())

    @property
    def evidence(self) -> Evidence:
        """All its outcomes; those of inputs on which it always failed too, so that they cannot be hidden."""
        return Evidence().merge(*self.by_inputs.values())

    @property
    def failure_rate(self) -> float | None:
        """Share of its runs that failed; None before the first."""
        found = self.evidence
        return found.fails / found.trials if found.trials else None

    def seen(self, inputs: str, passed: bool) -> Flake:
        """With one outcome more. The inputs seen longest ago are forgotten beyond 50."""
        others = {name: one for name, one in self.by_inputs.items() if name != inputs}
        kept = dict(list(others.items())[-(MOST_INPUTS - 1) :])
        return Flake({**kept, inputs: self.by_inputs.get(inputs, Evidence()).add(passed)})


@dataclass(frozen=True)
class Effect:
    """Whether a failure of a quarantined test is hidden from the verdict, and the reason in words."""

    hidden: bool
    why: str


def standing(flake: Flake, zone: Zone) -> Standing:
    """What its outcomes make of it, with the zone's two risks."""
    if not flake.flaky:
        return Standing.STEADY
    proven_flaky = log_e_below(flake.evidence, zone.good) >= -math.log(zone.alpha)
    return Standing.QUARANTINABLE if proven_flaky and _above_bad(flake, zone) else Standing.FLAKY


def effect(entry: Quarantine, flake: Flake, zone: Zone, today: str) -> Effect:
    """What an entry in quarantine does for a test that has just failed; `today` is ISO 8601.

    `flake` includes that failure. Nothing is hidden after the last day, of a test not seen to be flaky, nor of
    one that is not proven to pass more often than `bad`: a test at or below it is hidden at any time with a
    chance of at most beta (Ville's inequality).
    """
    found = flake.evidence
    seen = f"{found.fails} of {found.trials} runs failed"
    if today > entry.expires:
        return Effect(
            False, f"its quarantine ended on {entry.expires}; {entry.owner} was to mend it ({seen})"
        )
    if not flake.flaky:
        return Effect(False, f"it did not both pass and fail on the same inputs, so it is no flake ({seen})")
    if not _above_bad(flake, zone):
        return Effect(
            False, f"quarantine hides nothing that may pass as seldom as {zone.bad:g} of the time ({seen})"
        )
    e_value = math.exp(min(log_e_above(found, zone.bad), 50.0))
    return Effect(
        True,
        f"in quarantine until {entry.expires}, {entry.owner} mends it: {seen}, "
        f"above {zone.bad:g} with e-value {e_value:.3g}",
    )


def as_data(flakes: Mapping[str, Flake]) -> dict[str, Any]:
    """What `json` can write: each test's inputs in order, with passes and failures."""
    tests = {
        test: [[inputs, one.passes, one.fails] for inputs, one in flake.by_inputs.items()]
        for test, flake in sorted(flakes.items())
    }
    return {"format": FORMAT, "tests": tests}


def from_data(data: Any) -> dict[str, Flake]:
    """The other way round. Raises FlakesError for what `as_data` did not make."""
    try:
        if data["format"] != FORMAT:
            raise FlakesError(f"the format is {data['format']!r}, not {FORMAT!r}")
        return {
            str(test): Flake({str(inputs): Evidence(passes, fails) for inputs, passes, fails in rows})
            for test, rows in data["tests"].items()
        }
    except FlakesError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FlakesError(f"not the outcomes of flaky tests: {error}") from error


def _above_bad(flake: Flake, zone: Zone) -> bool:
    return log_e_above(flake.evidence, zone.bad) >= -math.log(zone.beta)
