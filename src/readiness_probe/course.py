"""How far the trials of one test have come: what was ordered, what is asked, what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness_probe.clock import clock
from readiness_probe.trial_variables import Trial

if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List

    from readiness_probe.orders import Orders

LOOK_SECONDS = 0.005
"""Between looks for an answer: a trial that asks a model takes a hundred times as long."""


class Course:
    """`queue` holds what may start, `slots` how many may run at once."""

    def __init__(self, item: Any, orders: Orders) -> None:
        self._test = item.nodeid
        self._orders = orders
        self.slots = orders.slots
        self.queue: List[Trial] = []
        self._question = 0
        self._asked_at = 0.0
        self._done = False
        self._heard = 0
        self._news = False
        """Whether anything came out since the gate was asked."""
        self._last = Trial(0, orders.seed)
        self._cap = orders.cap
        self._verdict = ""
        self._by_outcome: Dict[str, List[Any]] = {}
        self._latest: List[Any] = []

    @property
    def waits(self) -> bool:
        """Whether an answer is due."""
        return bool(self._question)

    def wanted(self) -> bool:
        """Whether the gate wants this test repeated at all."""
        if not self._orders.listened_to:
            self._order(range(1, self._cap + 1))
            return True
        self._ask(0)
        while self.waits:
            self._look(0)
            if self.waits:
                clock.sleep(LOOK_SECONDS)
        return self._verdict != "once"

    def goes_on(self, running: int) -> bool:
        """Take in an answer, ask for the next; False once nothing is left to do."""
        if self.waits:
            self._look(running)
        if not self.waits and self._news and not self._done and not self.queue and self._orders.listened_to:
            self._ask(running)
        return bool(running or self.queue or self.waits)

    def heard(self, trial: Trial, outcome: str, reports: List[Any]) -> None:
        self._heard += 1
        self._news = True
        self._last = max(self._last, trial, key=lambda one: one.number)
        if reports:
            self._by_outcome[outcome] = self._latest = reports

    def shown(self) -> List[Any]:
        """The reports of the trial that stands for all of them: one of the kind that the verdict speaks of."""
        wanted = {"ready": "passed", "not ready": "failed"}.get(self._verdict, "")
        return self._by_outcome.get(wanted) or self._latest

    def _ask(self, running: int) -> None:
        self._question = self._orders.ask(self._test, running)
        self._asked_at = clock.monotonic()
        self._news = False

    def _look(self, running: int) -> None:
        answer = self._orders.answer(self._question)
        if answer:
            self._question = 0
            self._obey(answer)
        elif not running and clock.monotonic() - self._asked_at > self._orders.patience:
            # The gate is slow or gone: on with what it told last, one at a time, as far as it allowed.
            self._question = 0
            if self._heard < self._cap:
                self._order([self._last.number + 1])
            else:
                self._done = True

    def _obey(self, answer: Dict[str, Any]) -> None:
        self.slots = int(answer.get("slots", self.slots))
        self._cap = int(answer.get("cap", self._cap))
        self.queue += [Trial(int(number), int(seed)) for number, seed in answer.get("run", ())]
        self._done = bool(answer.get("done"))
        self._verdict = str(answer.get("verdict", ""))

    def _order(self, numbers: Iterable[int]) -> None:
        self.queue += [Trial(number, self._orders.seed + number) for number in numbers]
