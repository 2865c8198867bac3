"""What a call was worth: its error class, whether it is evidence, whether it paid for a cold start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.relay.call import (
    BAD_REQUEST,
    ERROR_IN_ANSWER,
    NOT_FOUND,
    REDIRECT,
    TOO_MANY,
    UNAUTHORISED,
    UNFINISHED,
    UPSTREAM_5XX,
)
from readiness.relay.shapes import Shape

if TYPE_CHECKING:
    from typing import Final

    from readiness.relay.answer import Answer
    from readiness.relay.call import Call

STAND_IN_FINGERPRINT: Final = "stand-in"
LOADING_SECONDS: Final = 1.0
"""Loading a model for this long makes a start a cold one."""
SLOW_FIRST_SECONDS: Final = 5.0
"""So does the first byte of the first answer, when it takes this long and the server says nothing of loading."""
LOADING_WORDS: Final = ("loading model", "model is loading", "currently loading", "is starting up")
"""How servers say, with status 503, that the model is not there yet (llama.cpp, TGI, hosted endpoints)."""


def error_class(status: int, shape: Shape, answer: Answer | None) -> str:
    """The error class of a call whose answer came to its end; empty when it is good. `answer` is None when unread."""
    if status < 300:
        return _class_of_answer(shape, answer)
    named = {429: TOO_MANY, 401: UNAUTHORISED, 403: UNAUTHORISED, 404: NOT_FOUND}
    if status in named:
        return named[status]
    if status < 400:
        return REDIRECT
    return BAD_REQUEST if status < 500 else UPSTREAM_5XX


def _class_of_answer(shape: Shape, answer: Answer | None) -> str:
    if answer is None or shape is Shape.OTHER:
        return ""
    if answer.error:
        return ERROR_IN_ANSWER
    return "" if answer.finished else UNFINISHED


def is_stand_in(declared: bool, header: str, fingerprint: str) -> bool:
    """Whether the one who answered is no real model: the plan, the `x-stand-in` header or the fingerprint says so."""
    marked = header.strip().lower() not in ("", "0", "false", "no")
    return declared or marked or fingerprint.strip().lower() == STAND_IN_FINGERPRINT


def is_counted(call: Call, shape: Shape, answer: Answer | None) -> bool:
    """Whether a call is evidence that a real model was used.

    A server whose API is not known (`other`) is evidence for the lane `live` alone: that the provider was reached.
    """
    if call.error or call.stand_in or call.replay or answer is None or not answer.content:
        return False
    if not 200 <= (call.status or 0) < 300:
        return False
    return shape is not Shape.OTHER or (
        call.kind == "other" and call.lane == "live" and call.method != "OPTIONS"
    )


def is_cold_start(first: bool, call: Call, said: str) -> bool:
    """Whether a call waited for a model to be loaded. `first` of its upstream and model; `said` is an error's text."""
    if call.load_seconds is not None:
        return call.load_seconds >= LOADING_SECONDS
    if call.status == 503 and any(words in said.lower() for words in LOADING_WORDS):
        return True
    waited = call.ttft if call.ttft is not None else call.seconds
    return first and call.generation and waited >= SLOW_FIRST_SECONDS


def retry_after_seconds(header: str, now: float) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110, section 10.2.3: seconds or a date); None when it says nothing."""
    text = header.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, round(parsedate_to_datetime(text).timestamp() - now, 3))
    except (ValueError, OverflowError):
        return None
