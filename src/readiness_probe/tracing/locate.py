"""The line that wrote: one binding is compared after each line of the user's code."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from readiness_probe.tracing.loggers import when_new

if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Dict, List, Optional, Tuple

    from readiness_probe.places import Places
    from readiness_probe.tracing.holders import Holder
    from readiness_probe.tracing.tracker import Tracker

_STACK_LIMIT = 8
_IMPORTED = "<module>"
"""A module that is loaded (again) writes all its names; what counts is who had it loaded."""


class Watch:
    """`wanted` is the title of a holder, a name in it, and whether a test is looked for: then what fixtures that
    outlive it write while they are set up is where it starts from. Lines outside the user's code count for their caller's."""

    def __init__(self, wanted: Tuple[str, Any, bool], tracker: Tracker, places: Places) -> None:
        self._title, self._name, self._of_a_test = wanted
        self._tracker = tracker
        self._places = places
        self._holder: Optional[Holder] = tracker.titled(self._title)
        self._before = when_new(self._title, self._name)
        self._own: Dict[str, bool] = {}
        self._value: Any = self._now()
        self._first = self._value
        self._at: List[str] = []
        self._writer: List[str] = []

    def fixture_made(self) -> None:
        """A fixture that outlives tests was set up."""
        if self._of_a_test:
            self._value = self._first = self._now()
            self._writer = []

    def start(self) -> None:
        threading.settrace(self._called)
        sys.settrace(self._called)

    def stop(self) -> Tuple[str, List[str]]:
        """`file:line` of the write that was not undone, and the user's frames above it; empty when there is none."""
        sys.settrace(None)
        threading.settrace(None)
        self._compare()
        return (self._writer[0] if self._writer else ""), self._writer

    def _called(self, frame: FrameType, *_: Any) -> Any:
        file = frame.f_code.co_filename
        own = self._own.get(file)
        if own is None:
            own = self._own[file] = self._places.is_users(file)
        return self._stepped if own else None

    def _stepped(self, frame: FrameType, event: str, _: Any) -> Any:
        self._compare()
        self._at = self._stack(frame.f_back if event == "return" else frame)
        return self._stepped

    def _compare(self) -> None:
        now = self._now()
        if now is self._value or (self._holder is not None and self._holder.same(now, self._value)):
            return
        self._value = now
        if self._holder is not None and self._holder.same(now, self._first):
            self._writer = []
        elif not self._writer:
            self._writer = self._at

    def _stack(self, frame: Optional[FrameType]) -> List[str]:
        found: List[Tuple[str, bool]] = []
        while frame is not None and len(found) < _STACK_LIMIT:
            file = frame.f_code.co_filename
            if self._own.get(file):
                found.append((self._places.at(file, frame.f_lineno), frame.f_code.co_name == _IMPORTED))
            frame = frame.f_back
        outside = [place for place, imported in found if not imported]
        return outside or [place for place, _ in found]

    def _now(self) -> Any:
        if self._holder is None:
            self._holder = self._tracker.titled(self._title)
        return self._before if self._holder is None else self._holder.get(self._name)
