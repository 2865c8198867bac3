"""What one trial was: its outcome as the probe (or an exit code) tells it, held against the calls that it made."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from readiness.record import trials as kinds
from readiness.record.trials import Trial
from readiness.record.value import value
from readiness.relay.cause import CONFIG, cause
from readiness.relay.meter import meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

    from readiness.relay.call import Call

METERED_LANES: Final = ("nd", "live")
SLACK_SECONDS: Final = 0.002
"""How far two processes' notes of one moment may lie apart: a call's has whole milliseconds."""
LONG_ANSWER: Final = 16
"""Tokens from which on two equal answers to equal requests, left to chance, come from a cache rather than from chance."""
GOOD_ENDS: Final = ("passed", "xpassed")
NO_TRIAL: Final = ("skipped", "xfailed")


@value
class Told:
    """How a trial ended, before anybody looked at its calls. `began` and `ended` are seconds since 1970.

    `outcome` is pytest's: passed, failed, error, skipped, xfailed, xpassed, not_run.
    """

    test: str
    number: int
    seed: int
    outcome: str
    began: float
    ended: float
    seconds: float = 0.0
    phase: str = ""
    message: str = ""
    where: str = ""
    details: str = ""

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Told:
        """From the probe's `trial` event. Raises KeyError, TypeError or ValueError when it is none."""
        texts = {name: str(event.get(name, "")) for name in ("phase", "message", "where", "details")}
        return cls(
            test=str(event["id"]),
            number=int(event["number"]),
            seed=int(event["seed"]),
            outcome=str(event["outcome"]),
            began=float(event["began"]),
            ended=float(event["ended"]),
            seconds=float(event.get("seconds", 0.0)),
            **texts,
        )


def own_calls(told: Told, calls: Sequence[Call]) -> tuple[tuple[Call, ...], bool]:
    """The calls of a trial, and whether some are its own only by the time at which they were made."""
    numbered = tuple(one for one in calls if one.trial == told.number)
    if any(one.generation for one in numbered):
        return numbered, False
    timed = tuple(one for one in calls if one.trial is None and _within(one, told))
    return numbered + timed, bool(timed)


def classify(told: Told, calls: Sequence[Call], lane: str, *, unnumbered: bool = False) -> Trial:
    """What the trial counts as. `calls` are its own."""
    seen = meter(calls, calls[0].check if calls else "")
    kind, message = _kind(told, seen.counted, lane, *_why(calls))
    asked = [one for one in calls if one.generation and not one.error]
    first = asked[0] if asked else None
    return Trial(
        test=told.test,
        number=told.number,
        seed=told.seed,
        kind=kind,
        seconds=round(told.seconds, 4),
        calls=seen.calls,
        tokens=(seen.tokens.prompt or 0) + (seen.tokens.completion or 0),
        signature=_signature(asked),
        prompt=first.prompt_key if first else "",
        sampling=_digest([first.model, first.temperature]) if first else "",
        model=_model(first) if first else "",
        unnumbered=unnumbered,
        phase=told.phase,
        message=message,
        where=told.where,
        details=told.details if kind in (kinds.FAILED, "error") else "",
    )


def _why(calls: Sequence[Call]) -> tuple[str, str]:
    if not calls:
        return "", ""
    found = cause(meter(calls, calls[0].check))
    return found.word, found.evidence


def _kind(told: Told, counted: int, lane: str, cause_word: str, evidence: str) -> tuple[str, str]:
    """The kind, and what is to be said of it."""
    metered = lane in METERED_LANES
    if told.outcome in NO_TRIAL:
        return kinds.SKIPPED.lower(), told.message
    if told.outcome in GOOD_ENDS:
        return (
            ("hollow", "no metered call to a real model") if metered and not counted else (kinds.PASSED, "")
        )
    if cause_word and cause_word != CONFIG:
        return kinds.CAPACITY, f"{cause_word}: {evidence}"
    if cause_word == CONFIG and not counted:
        return "error", f"{evidence}; {told.message}"
    if told.outcome == "failed" or (told.outcome == "error" and counted):
        return kinds.FAILED, told.message
    return "error", told.message or "it has no outcome"


def _signature(asked: Sequence[Call]) -> str:
    """Equal for trials between which nothing was left to chance: the same requests, seeded or at temperature 0.

    And for those that were left to chance and got the same long answers word for word: a cache gave them.
    """
    if not asked:
        return ""
    requests = sorted(one.request_key for one in asked)
    if all(one.seed is not None or one.temperature == 0 for one in asked):
        return _digest(requests)
    if all((one.tokens.completion or 0) >= LONG_ANSWER for one in asked):
        return _digest([requests, sorted(one.response_key for one in asked)])
    return ""


def _model(call: Call) -> str:
    identity = call.identity or {}
    return str(identity.get("digest") or call.model_answered or call.model)


def _within(call: Call, told: Told) -> bool:
    at = datetime.fromisoformat(call.at).timestamp()
    return told.began - SLACK_SECONDS <= at <= told.ended + SLACK_SECONDS


def _digest(thing: object) -> str:
    return hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()[:32]
