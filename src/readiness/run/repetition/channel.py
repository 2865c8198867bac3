"""Between the gate and the probes of one check: what they ask is read from their event files, what they are told is
appended to `<event file>.answers`, and a named pipe rings when there is something to read. See docs/probe.md."""

from __future__ import annotations

import json
import os

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

    from readiness.run.repetition.check_trials import Order

PATIENCE_SECONDS: Final = 60.0
"""How long a probe waits for an answer before it goes on with what it was told last."""


@value
class Heard:
    """One event of a pytest process; `file` is the name of its event file, without the ending."""

    file: str
    event: dict[str, Any]


class Channel:
    """`folder` is where the check's probes write, `bell` the path of the pipe. Raises OSError when it cannot be made."""

    def __init__(self, folder: str, bell: str) -> None:
        self._folder = folder
        self._bell = bell
        self._read: dict[str, int] = {}
        os.makedirs(folder, exist_ok=True)
        os.mkfifo(bell, 0o600)
        # Open for both, so that it never comes to its end while nobody rings.
        self.descriptor = os.open(bell, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    @staticmethod
    def told(bell: str, *, cap: int, slots: int, seed: int) -> str:
        """What the probe gets in its environment."""
        return json.dumps(
            {"bell": bell, "cap": cap, "slots": slots, "seed": seed, "patience": PATIENCE_SECONDS}
        )

    def hear(self) -> Iterator[Heard]:
        """Everything written since the last time, in the order of each file."""
        self._silence()
        for name in sorted(os.listdir(self._folder)):
            if name.endswith(".jsonl"):
                stem = name.removesuffix(".jsonl")
                yield from (Heard(stem, event) for event in self._new_events(name))

    def answer(self, file: str, question: int, order: Order) -> None:
        """Append an answer, in one write. Raises OSError."""
        line = {
            "ask": question,
            "run": [list(one) for one in order.run],
            "done": order.done,
            "slots": order.slots,
            "cap": order.cap,
            "verdict": order.verdict,
        }
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(os.path.join(self._folder, f"{file}.answers"), flags, 0o644)
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
        finally:
            os.close(descriptor)

    def close(self) -> None:
        os.close(self.descriptor)
        os.unlink(self._bell)

    def _silence(self) -> None:
        try:
            while os.read(self.descriptor, 1 << 12):
                pass
        except BlockingIOError:
            return

    def _new_events(self, name: str) -> Iterator[dict[str, Any]]:
        with open(os.path.join(self._folder, name), "rb") as file:
            file.seek(self._read.get(name, 0))
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read[name] = self._read.get(name, 0) + len(whole)
        yield from events_in(whole)


def events_in(data: bytes) -> Iterator[dict[str, Any]]:
    """The events in whole lines; what is none is passed over here and reported when the check is judged."""
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            yield event
