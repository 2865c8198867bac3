"""Worlds of a test that came to no end: how long an answer is waited for, and what it is called when none comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness_probe.tracing.worlds import World

if TYPE_CHECKING:
    from typing import Any, Dict, Mapping

HANGS = "came to no end"
"""The error of such a test, by which its failures are known to be the same."""
_GRACE = 0.3
"""Seconds more for the copy to come about."""
_TIMES = 2.0
"""How much longer than before a test may take in a copy."""


class Patient(World):
    """A world in which the last test of a question has `seconds`, and each one before it what it took in the session."""

    def __init__(self, world: World, took: Mapping[int, float]) -> None:
        super().__init__(world.pid, world._to, world._answers)
        self._world = world
        self._took = took

    def ask(self, question: Dict[str, Any]) -> Dict[str, Any]:
        before = sum(self._took.get(index, 0.0) for index in question["run"][:-1])
        seconds = float(question["seconds"]) + _TIMES * before
        answer = self._world.ask({**question, "seconds": seconds, "grace": _GRACE})
        return {**answer, "error": HANGS} if answer["outcome"] == "hanging" else answer

    def close(self) -> None:
        self._world.close()
