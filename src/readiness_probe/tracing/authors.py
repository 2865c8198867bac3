"""Which of several tests it was, where there was no look between them: they are run again, with a look after each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from readiness_probe.tracing.causes import EARLIER
from readiness_probe.tracing.ledger import TEST, Author, is_quiet
from readiness_probe.tracing.minimise import OutOfBudget

if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

    from readiness_probe.tracing.causes import Budget
    from readiness_probe.tracing.ledger import Change, Ledger
    from readiness_probe.tracing.worlds import World

    Written = Dict[Tuple[str, Any], List[int]]


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
        self._left: Dict[Tuple[int, ...], List[Change]] = {}

    def tell_apart(self, changes: Iterable[Change]) -> None:
        """Give each of them its own author, as far as that can be told within the budget."""
        try:
            for among in dict.fromkeys(change.author.among for change in changes):
                if among and self._base is not None:
                    self._ask(among)
                    self._ask_after_earlier(among)
        except OutOfBudget:
            return

    def own(self, index: int, start: int) -> List[int]:
        """Numbers of changes before `start` that the test of that index made itself."""
        shared = [one for one in self._ledger.changes[:start] if one.author.among[-1:] == (index,)]
        undone = [one for one in shared if self._is_undone(one, index, start)]
        if self._base is not None and any(_is_loud(one) for one in shared if one not in undone):
            with contextlib.suppress(OutOfBudget):
                self._ask(shared[0].author.among)
        return [one.number for one in shared if one in undone or one.author.tests == (index,)]

    def _is_undone(self, change: Change, index: int, start: int) -> bool:
        """A test that had failed and took it back as it was torn down, by `monkeypatch` say, had made it."""
        return any(
            one.holder is change.holder
            and one.name == change.name
            and one.author.tests == (index,)
            and one.holder.same(one.after, change.before)
            for one in self._ledger.changes[start:]
        )

    def _ask(self, among: Tuple[int, ...]) -> None:
        if among not in self._left:
            shared = [one for one in self._ledger.changes if one.author.among == among]
            self._left[among] = self._name(shared, self._writers(among))

    def _ask_after_earlier(self, among: Tuple[int, ...]) -> None:
        """Where those tests alone do not do it again: after those that had changed something before."""
        left = [one for one in self._left[among] if _is_loud(one)]
        if among in self._asked or not left:
            return
        self._asked.add(among)
        earlier = {test for one in self._ledger.changes[: left[0].number] for test in one.author.tests}
        if earlier - {-1, *among}:
            self._name(left, self._writers([*sorted(earlier - {-1, *among})[-EARLIER:], *among]))

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
        for index, title, name, put_back in answer.get("changed", ()):
            if put_back:
                found.pop((title, name), None)
            else:
                found.setdefault((title, name), []).append(index)
        return found


def _is_loud(change: Change) -> bool:
    return not is_quiet(change.holder, change.name, change.before, change.after)
