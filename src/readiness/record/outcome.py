"""The words a run can end with, and the exit code each verdict maps to."""

from __future__ import annotations

from enum import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Outcome(StrEnum):
    """How one check ended. Only `PASSED` counts towards READY."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """Could not be judged: collection or setup broke, or the command could not be started."""
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    HOLLOW = "hollow"
    """Ended without complaint, yet left no evidence that anything was checked."""
    FLAKY = "flaky"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not_run"
    """Never started, because a service or a check that it needs did not succeed."""
    INTERRUPTED = "interrupted"


class Verdict(StrEnum):
    """What the gate says of the whole run."""

    READY = "READY"
    NOT_READY = "NOT READY"
    INCONCLUSIVE = "INCONCLUSIVE"


class LaneVerdict(StrEnum):
    """What the gate says of one lane; a lane that did not run never shows the colour of one that did."""

    READY = "READY"
    NOT_READY = "NOT READY"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_RUN = "NOT RUN"


class RanAgainst(StrEnum):
    """What a check's outcome was measured on."""

    NOTHING = "nothing"
    """The check did not run."""
    HERMETIC = "hermetic"
    """No network: proved by a network namespace, or by the socket guard in every pytest process of the check."""
    REAL = "real"
    STUB = "stub"
    REPLAY = "replay"
    UNPROVEN = "unproven"


LANES: Final = ("core", "nd", "live")
"""Lanes in the order a gate runs them: deterministic, real model, outside providers."""

EXIT_READY: Final = 0
EXIT_NOT_READY: Final = 1
EXIT_USAGE: Final = 2
"""Usage or configuration error: nothing was judged."""
EXIT_INCONCLUSIVE: Final = 3
EXIT_INTERRUPTED: Final = 130
EXIT_TERMINATED: Final = 143

EXIT_BY_VERDICT: Final = {
    Verdict.READY: EXIT_READY,
    Verdict.NOT_READY: EXIT_NOT_READY,
    Verdict.INCONCLUSIVE: EXIT_INCONCLUSIVE,
}
