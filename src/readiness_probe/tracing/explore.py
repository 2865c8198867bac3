"""Three worlds: each test in order, from the clean world, and from the worlds that leaks have left behind.

Later tests often mask a leak, so a world is kept after each new combination of leaks, not at the end alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness_probe.tracing.causes import PASSES, Case
from readiness_probe.tracing.ledger import IMPORT
from readiness_probe.tracing.minimise import OutOfBudget

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

    from readiness_probe.tracing.causes import Budget
    from readiness_probe.tracing.ledger import Leak, Ledger
    from readiness_probe.tracing.worlds import World

WORLDS = 24
"""Kept at most; the oldest goes first."""
VALUES = 4
"""Of one binding, that many values make a world worth keeping."""


class Dirty:
    """A world after some leak: `ran` is the last test that ran in it, `end` how many changes there were."""

    def __init__(self, world: World, ran: int, end: int) -> None:
        self.world = world
        self.ran = ran
        self.end = end


class Explorer:
    """Which worlds to keep, and which tests end otherwise in them."""

    def __init__(self, ledger: Ledger, freeze: Callable[[], Optional[World]]) -> None:
        self._ledger = ledger
        self._freeze = freeze
        self._met: Dict[Tuple[int, Any], Set[str]] = {}
        self.worlds: List[Dirty] = []
        self.left_out = 0

    def after(self, index: int, end: int) -> None:
        """A test is over: keep this world if its leaks were not together before."""
        new = list(filter(self._is_new, self._ledger.leaks()))
        if not new:
            return
        world = self._freeze()
        if world is None:
            return
        self.worlds.append(Dirty(world, index, end))
        if len(self.worlds) > WORLDS:
            self.worlds.pop(0).world.close()
            self.left_out += 1

    def _is_new(self, leak: Leak) -> bool:
        """A binding that was not left changed before, or not to this; what counts up is new a few times only."""
        if leak.last.author.kind == IMPORT or leak.is_quiet:
            return False
        values = self._met.setdefault((id(leak.holder), leak.last.name), set())
        value = leak.holder.shown(leak.last.name, leak.last.after)
        if value in values or len(values) >= VALUES:
            return False
        values.add(value)
        return True

    def cases(
        self, tests: List[int], names: List[str], base: World, budget: Budget, seconds: float
    ) -> Iterator[Case]:
        """Tests that passed in order and fail elsewhere. A case without a world fails in the clean one."""
        waiting = []
        for index in tests:
            answer = _run(base, index, budget, seconds)
            if answer["outcome"] in PASSES:
                waiting.append(index)
            else:
                yield Case(index, names[index], answer["error"], None, 0, 0, said=answer.get("said", ""))
        for dirty in reversed(self.worlds):
            found = []
            for index in waiting:
                answer = _run(dirty.world, index, budget, seconds)
                if answer["outcome"] not in PASSES and answer["outcome"] != "lost":
                    found.append(index)
                    before = range(dirty.ran + 1)
                    yield Case(
                        index,
                        names[index],
                        answer["error"],
                        dirty.world,
                        dirty.end,
                        dirty.end,
                        before,
                        answer.get("said", ""),
                    )
            waiting = [index for index in waiting if index not in found]

    def close(self) -> None:
        for dirty in self.worlds:
            dirty.world.close()


def _run(world: World, index: int, budget: Budget, seconds: float) -> Dict[str, Any]:
    budget.look()
    return world.ask({"seconds": seconds, "run": [index]})


def until_out_of_budget(cases: Iterator[Case], work: Callable[[Case], None]) -> bool:
    """Do the work for each case; False when the budget ended it."""
    try:
        for case in cases:
            work(case)
    except OutOfBudget:
        return False
    return True
