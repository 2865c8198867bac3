"""The clock and the pause as Python has them. A test may put others into `time`, and may leave them there.

They are attributes of a class because freezegun, for one, looks through the names of all modules for the functions
of `time` and puts its own in their places.
"""

from __future__ import annotations

import time as _time


class clock:  # noqa: N801 - used as the module is that it stands for
    """`monotonic()`, `time()` and `thread_time()` in seconds, `sleep(seconds)`."""

    monotonic = staticmethod(_time.monotonic)
    time = staticmethod(_time.time)
    thread_time = staticmethod(_time.thread_time)
    sleep = staticmethod(_time.sleep)
