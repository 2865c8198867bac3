"""Whether and when a request is sent again. Values only; the sleeping is done elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST_ASKED: Final = 86_400.0
"""Seconds. A server that asks for more is told on as asking for a day."""
_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`tries` at most, the first included; pauses that double from `first_wait`, in sum at most `longest_wait` seconds."""

    tries: int
    first_wait: float
    longest_wait: float

    def pause(self, tried: int, slept: float, asked: float | None, chance: float) -> float | None:
        """Seconds to sleep after `tried` attempts and `slept` seconds of pauses; None: give up.

        `asked` is the server's Retry-After, which is never undercut: what does not fit is given up at once.
        `chance` in [0, 1) spreads clients that failed together (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
        leaves that to them).
        """
        left = self.longest_wait - slept
        if tried >= self.tries or left <= 0:
            return None
        if asked is not None:
            return None if asked > left else min(asked + chance * self.first_wait, left)
        return min(self.first_wait * 2.0 ** min(tried - 1, 30) * (0.5 + chance / 2), left)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a server asks to wait, from `retry-after-ms` or `Retry-After`; None when it does not say.

    `headers` has names in lower case or compares them without case. `now` in seconds since 1970.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if _SECONDS.fullmatch(text):
            return min(float(text) * unit, LONGEST_ASKED)
    return _until(headers.get("retry-after", "").strip(), now)


def _until(date: str, now: float) -> float | None:
    """Seconds until a date in the form of RFC 9110, section 5.6.7; 0 when it has passed."""
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(date)
        stamp = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, stamp - now), LONGEST_ASKED)
