"""How often to look: after each test while that is cheap, more seldom where it takes more than its share of the time."""

from __future__ import annotations

from readiness_probe.clock import clock

EVERY = 10
"""Tests after which everything is looked at."""
SELDOM = 20
"""As many at most are run again to tell which of them it was."""
SHARE = 0.05
"""Of the CPU time of a session, that looks may take."""
MUCH = 0.15
"""As much, at which even more tests have one look together."""
FREE = 0.1
"""Seconds of CPU that they may take in any case: a suite so small is not worth a test run again."""
STEP = 50
"""Tests between two decisions."""


class Pace:
    """`every` is after how many tests everything is looked at; with `each`, most is looked at after each of them."""

    def __init__(self) -> None:
        self.every = EVERY
        self.each = True
        self._is_fixed = False
        self._tests = 0
        self._spent = self._seen = 0.0
        self._began = clock.thread_time()

    def exact(self) -> None:
        """Everything after each test, whatever it takes."""
        self.every, self._is_fixed = 1, True

    def seldom(self) -> None:
        """As where looks take too much of the time."""
        self.each = False

    def begin(self, spent: float) -> None:
        """The first test is about to start; looks took `spent` seconds of CPU by now."""
        self._spent = self._seen = spent
        self._began = clock.thread_time()

    def after(self, spent: float) -> None:
        """Another test is over; looks took `spent` seconds of CPU by now."""
        self._tests += 1
        if self._tests % STEP == 0 and not self._is_fixed:
            now = clock.thread_time()
            self._decide(spent - self._spent, spent - self._seen, now - self._began)
            self._seen, self._began = spent, now

    def _decide(self, total: float, lately: float, passed: float) -> None:
        if total < FREE:
            return
        if self.each:
            self.each = lately <= SHARE * passed
        elif lately > MUCH * passed:
            self.every = min(2 * self.every, SELDOM)
