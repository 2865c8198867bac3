"""Adds up the calls of one check, or of one trial of it. Nothing here but values in and values out, and one file read."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from readiness.record.value import EMPTY, value
from readiness.relay.call import Call, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeVar

    Attempt = tuple[int | None, str]
    Number = TypeVar("Number", int, float)


class CallsError(Exception):
    """A calls file cannot be read; the message says where and why."""


@value
class Repeat:
    """Equal requests, seed and temperature included. `answers` counts those that differ.

    Many calls with one answer are one observation: a cache answered, or nothing was left to chance.
    """

    request_key: str
    calls: int
    answers: int
    trials: int
    seed: int | None
    temperature: float | None


@value
class Meter:
    """What a check cost and what it proved.

    `counted` is the number of completed generations by a real model: the evidence of lane nd. `tokens` and `cost` add
    what is known, and are None when nothing is. Times are seconds; `seconds` adds all calls, those at the same time
    too. `statuses` counts `2xx`, `4xx`, … and `none`; `errors` counts error classes. `lost` holds the last attempt at
    each request that never got a good answer. `models` names who answered. `repeats` holds requests that were made
    more than once and answered.
    """

    check: str
    calls: int = 0
    counted: int = 0
    stand_ins: int = 0
    replayed: int = 0
    tokens: Tokens = Tokens()
    seconds: float = 0.0
    ttft_median: float | None = None
    ttft_p95: float | None = None
    statuses: Mapping[str, int] = EMPTY
    errors: Mapping[str, int] = EMPTY
    retries: int = 0
    waits_asked: float = 0.0
    cold_starts: int = 0
    cold_seconds: float = 0.0
    lost: tuple[Call, ...] = ()
    models: tuple[str, ...] = ()
    cost: float | None = None
    repeats: tuple[Repeat, ...] = ()


def read_calls(path: str) -> tuple[Call, ...]:
    """All whole lines of a calls file, in the order in which the calls ended; none when there is no file.

    A last line without its end was being written when the relay was killed, and is left out. Raises CallsError.
    """
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise CallsError(f"{path}: cannot be read: {error.strerror}") from error
    return tuple(_call(line, path, number) for number, line in enumerate(lines, 1))


def _call(line: bytes, path: str, number: int) -> Call:
    try:
        return Call.from_json(json.loads(line))
    except (ValueError, TypeError, AttributeError) as error:
        raise CallsError(f"{path}:{number}: is no call ({type(error).__name__}: {error})") from error


def meter(calls: Iterable[Call], check: str, trial: int | None = None) -> Meter:
    """Add up the calls of `check`; with `trial`, those of that trial alone."""
    own = [one for one in calls if one.check == check and trial in (None, one.trial)]
    first_bytes = sorted(one.ttft for one in own if one.ttft is not None and not one.error)
    cold = [one for one in own if one.cold_start]
    return Meter(
        check=check,
        calls=len(own),
        counted=sum(one.counted for one in own),
        stand_ins=sum(one.stand_in for one in own),
        replayed=sum(one.replay for one in own),
        tokens=Tokens(_total(one.tokens.prompt for one in own), _total(one.tokens.completion for one in own)),
        seconds=round(sum(one.seconds for one in own), 4),
        ttft_median=quantile(first_bytes, 0.5),
        ttft_p95=quantile(first_bytes, 0.95),
        statuses=_count(_status_class(one) for one in own),
        errors=_count(one.error for one in own if one.error),
        retries=sum(one.retries > 0 for one in own),
        waits_asked=sum(one.retry_after or 0.0 for one in own),
        cold_starts=len(cold),
        cold_seconds=round(sum(one.seconds for one in cold), 4),
        lost=lost(own),
        models=tuple(sorted({one.model_answered for one in own if one.model_answered and not one.error})),
        cost=_total(one.cost for one in own),
        repeats=repeats(own),
    )


def lost(calls: Sequence[Call]) -> tuple[Call, ...]:
    """The last attempt at each request that failed and never succeeded afterwards."""
    last: dict[Attempt, Call] = {}
    for number, one in enumerate(calls):
        last[one.trial, one.request_key or f"#{number}"] = one
    return tuple(one for one in last.values() if one.error)


def repeats(calls: Iterable[Call]) -> tuple[Repeat, ...]:
    """Groups of equal requests that were answered more than once, in order of their first call."""
    groups: dict[str, list[Call]] = {}
    for one in calls:
        if one.generation and not one.error:
            groups.setdefault(one.request_key, []).append(one)
    return tuple(_repeat(key, group) for key, group in groups.items() if len(group) > 1)


def _repeat(key: str, group: Sequence[Call]) -> Repeat:
    return Repeat(
        request_key=key,
        calls=len(group),
        answers=len({one.response_key for one in group}),
        trials=len({one.trial for one in group}),
        seed=group[0].seed,
        temperature=group[0].temperature,
    )


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest of the ordered values that at least `share` of them do not exceed; None of nothing."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _status_class(call: Call) -> str:
    return f"{call.status // 100}xx" if call.status else "none"


def _count(words: Iterable[str]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items()))


def _total(numbers: Iterable[Number | None]) -> Number | None:
    known = [one for one in numbers if one is not None]
    return sum(known) if known else None
