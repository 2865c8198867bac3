"""Whether a check went wrong because of its model's infrastructure, and the sentence that shows it (row 39)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.record.value import value
from readiness.relay.call import (
    BAD_ANSWER,
    CLIENT_GONE,
    NOT_FOUND,
    REFUSED,
    RESET,
    TIMEOUT,
    TOO_MANY,
    UNAUTHORISED,
    UNREACHABLE,
    UPSTREAM_5XX,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from readiness.relay.call import Call
    from readiness.relay.meter import Meter

CAPACITY: Final = "capacity"
COLD_START: Final = "cold start"
CONFIG: Final = "config"
NONE: Final = ""

OUT_OF_CAPACITY: Final = frozenset((TOO_MANY, UPSTREAM_5XX, REFUSED, UNREACHABLE, TIMEOUT, RESET, BAD_ANSWER))
MISCONFIGURED: Final = frozenset((UNAUTHORISED, NOT_FOUND))
PATIENCE: Final = 10.0
"""Seconds after which a client that hangs up before the first byte has given up, rather than changed its mind."""
MOST_OF_IT: Final = 0.5
"""The share of a timed-out check's time that waiting must fill to be its cause."""


@value
class Cause:
    """`word` is `capacity`, `cold start`, `config`, or empty when the calls explain nothing; `evidence` is a sentence."""

    word: str = NONE
    evidence: str = ""


def cause(meter: Meter, timed_out: bool = False, seconds: float = 0.0) -> Cause:
    """Why a check that did not pass may have gone wrong, judged by its calls alone.

    A request that failed and was repeated with success explains nothing: what went wrong then went wrong with answers
    at hand. `timed_out` and `seconds` say whether the check met its deadline, and after how long.
    """
    for word in (COLD_START, CAPACITY, CONFIG):
        fitting = [one for one in meter.lost if cause_of_call(one) == word]
        if fitting:
            return Cause(word, _evidence(fitting, meter))
    return _slow(meter, seconds) if timed_out and seconds > 0 else Cause()


def cause_of_call(call: Call) -> str:
    """The word for one failed call; empty when it failed by what was asked, or did not fail."""
    gave_up = call.error == CLIENT_GONE and not call.bytes and call.seconds >= PATIENCE
    if call.error in OUT_OF_CAPACITY or gave_up:
        return COLD_START if call.cold_start else CAPACITY
    return CONFIG if call.error in MISCONFIGURED and call.generation else NONE


def _slow(meter: Meter, seconds: float) -> Cause:
    """The cause of a timeout whose requests were all answered in the end."""
    if meter.cold_seconds >= MOST_OF_IT * seconds:
        return Cause(
            COLD_START,
            f"{meter.cold_seconds:.1f} s of {seconds:.1f} s went into calls that waited for a model to be loaded",
        )
    if meter.waits_asked >= MOST_OF_IT * seconds:
        return Cause(
            CAPACITY,
            f"the upstream asked for {meter.waits_asked:.1f} s of waiting in {seconds:.1f} s (Retry-After)",
        )
    return Cause()


def _evidence(calls: Sequence[Call], meter: Meter) -> str:
    """`2 of 9 calls got no answer: 429 (tiny-1 at openai, after 3 attempts, Retry-After 7 s): slow down`."""
    last = calls[-1]
    who = f"{last.model} at {last.upstream}" if last.model else last.upstream
    facts = [who, f"after {last.retries + 1} attempts" if last.retries else f"after {last.seconds:.1f} s"]
    if last.retry_after is not None:
        facts.append(f"Retry-After {last.retry_after:g} s")
    status = (
        f"{last.error}, status {last.status}"
        if last.status and str(last.status) != last.error
        else last.error
    )
    said = f": {last.detail}" if last.detail else ""
    return f"{len(calls)} of {meter.calls} calls got no good answer: {status} ({', '.join(facts)}){said}"
