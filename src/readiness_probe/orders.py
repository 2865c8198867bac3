"""Who decides on trials is the gate: what it is asked through the event file, and where its answers are read.

A question is an event like any other; a byte in a named pipe (the bell) saves the gate from having to look for
it. Answers are lines that the gate appends to `<event file>.answers`. Both files outlive both processes.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Dict, List

    from readiness_probe.events import EventFile


class Orders:
    """`told` is what the gate wants of all trials: `bell` (a path), `cap`, `slots`, `seed`, `patience` (seconds)."""

    def __init__(self, told: str, out: str, events: EventFile) -> None:
        asked: Dict[str, Any] = json.loads(told)
        self.bell = str(asked.get("bell", ""))
        self.cap = int(asked.get("cap", 1))
        self.slots = int(asked.get("slots", 1))
        self.seed = int(asked.get("seed", 0))
        self.patience = float(asked.get("patience", 0.0))
        self._events = events
        self._path = os.path.join(out, events.name + ".answers")
        self._read = 0
        self._questions = 0
        self._answers: Dict[int, Dict[str, Any]] = {}

    @property
    def listened_to(self) -> bool:
        """Whether a gate answers at all; without one every test runs `cap` times."""
        return bool(self.bell)

    def say(self, event: str, **fields: Any) -> None:
        """Write an event and ring."""
        self._events.write(event, **fields)
        self._ring()

    def ask(self, test: str, running: int) -> int:
        """What next for this test? The number of the question."""
        self._questions += 1
        self.say("trial_ask", id=test, ask=self._questions, running=running)
        return self._questions

    def answer(self, question: int) -> Dict[str, Any]:
        """The answer to a question; empty while there is none."""
        for line in self._new_lines():
            self._answers[int(line["ask"])] = line
        return self._answers.pop(question, {})

    def _new_lines(self) -> List[Dict[str, Any]]:
        try:
            with open(self._path, "rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def _ring(self) -> None:
        """Nobody there, or a bell that rings already: the gate looks by itself, only later."""
        if not self.bell:
            return
        try:
            descriptor = os.open(self.bell, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        try:
            os.write(descriptor, b"!")
        except OSError:
            return
        finally:
            os.close(descriptor)
