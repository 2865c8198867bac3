"""Which of several tests it was, where there was no look between them: they are run again, with a look after each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness_probe.tracing.ledger import TEST, Author, is_quiet
from readiness_probe.tracing.minimise import OutOfBudget

if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

    from readiness_probe.tracing.causes import Budget
    from readiness_probe.tracing.ledger import Change, Ledger
    from readiness_probe.tracing.worlds import World

    Written = Dict[Tuple[str, Any], List[int]]

EARLIER = 30
"""Tests that had changed something before, and are run first where the few alone do not do it again."""


class Authors:
    """`base` is the world before the first test, `seconds` the limit of one replay."""

    def __init__(
        self, items: List[Any], ledger: Ledger, base: Optional[World], budget: Budget, seconds: float
    ) -> None:
        self._items = items
        self._ledger = ledger
        self._base = base
        self._budget = budget
        self._seconds = seconds
        self._asked: Set[Tuple[int, ...]] = set()

    def tell_apart(self, changes: Iterable[Change]) -> None:
        """Give each of them its own author, as far as that can be told within the budget."""
        for among in dict.fromkeys(change.author.among for change in changes):
            if among and among not in self._asked and self._base is not None:
                self._asked.add(among)
                try:
                    self._tell_apart(among)
                except OutOfBudget:
                    return

    def own(self, index: int, start: int) -> List[int]:
        """Numbers of changes before `start` that the test of that index made itself."""
        shared = [one for one in self._ledger.changes[:start] if one.author.among[-1:] == (index,)]
        if any(not is_quiet(one.holder, one.name, one.before, one.after) for one in shared):
            self.tell_apart(shared)
        return [one.number for one in shared if one.author.tests == (index,)]

    def _tell_apart(self, among: Tuple[int, ...]) -> None:
        shared = [one for one in self._ledger.changes if one.author.among == among]
        left = self._name(shared, self._writers(among))
        earlier = {one.author.test for one in self._ledger.changes[: shared[0].number]} - {-1, *among}
        if earlier and any(not is_quiet(one.holder, one.name, one.before, one.after) for one in left):
            self._name(left, self._writers([*sorted(earlier)[-EARLIER:], *among]))

    def _name(self, changes: Sequence[Change], writers: Written) -> List[Change]:
        """Those of `changes` that nobody was seen to make."""
        left = []
        for change in changes:
            tests = [
                one
                for one in writers.get((change.holder.title, change.name), ())
                if one in change.author.among
            ]
            if not tests:
                left.append(change)
                continue
            change.author = Author(TEST, self._items[tests[-1]].nodeid, tests[-1])
            change.others = [Author(TEST, self._items[one].nodeid, one) for one in dict.fromkeys(tests[:-1])]
        return left

    def _writers(self, tests: Sequence[int]) -> Written:
        assert self._base is not None
        self._budget.take(len(tests))
        answer = self._base.ask(
            {"seconds": self._seconds * len(tests), "run": list(tests), "each": True},
        )
        found: Written = {}
        for index, title, name in answer.get("changed", ()):
            found.setdefault((title, name), []).append(index)
        return found
