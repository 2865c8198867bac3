"""When a tool server that is busy (429, 503) is asked again, and how long later."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

BUSY = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class RetryRule:
    """At most `most` repeats of a call; seconds. Without `Retry-After` the wait doubles from `first` on."""

    most: int = 4
    first: float = 0.25
    longest: float = 30.0
    jitter: float = 0.1
    """A wait that the server asked for grows by up to this share, so that callers do not come back all at once."""


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds that a `Retry-After` field asks for (RFC 9110, section 10.2.3): a number or a date; None for neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A date without a zone is Greenwich's.
    aware = then if then.tzinfo is not None else then.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def pause(
    status: int,
    asked: float | None,
    done: int,
    left: float,
    rule: RetryRule,
    random: Callable[[], float],
) -> float | None:
    """Seconds to wait before the call is sent again; None: this answer stands.

    `asked` is what `Retry-After` says, `done` the repeats so far, `left` the seconds that the call still has, `random` a
    number in [0, 1). A server that asks for more than is left, or than the rule's longest, is not asked again: coming
    back too early is no retry.
    """
    if status not in BUSY or done >= rule.most:
        return None
    if asked is None:
        wait = min(rule.longest, rule.first * math.ldexp(1.0, done)) * (0.5 + random() / 2)
    elif asked > rule.longest:
        return None
    else:
        wait = asked * (1 + rule.jitter * random()) + 0.01 * random()
    return wait if wait < left else None
