"""Questions to frozen worlds, and what follows from the answers: the class of a failure and what caused it.

A leak is called a cause only when the same test, run again in a copy of the same process, fails as it is and passes
with that leak put back.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from readiness_probe.clock import clock
from readiness_probe.tracing import outside
from readiness_probe.tracing.files import TITLE as FILES
from readiness_probe.tracing.ledger import IMPORT, TEST, Leak, own_changes
from readiness_probe.tracing.minimise import OutOfBudget, minimal
from readiness_probe.tracing.process import is_listening

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple

    from readiness_probe.tracing.authors import Authors
    from readiness_probe.tracing.ledger import Author, Change, Ledger
    from readiness_probe.tracing.worlds import World

    Answer = Dict[str, Any]

PASSES = ("passed", "skipped")
ALTERNATIVES = 2
"""Further sets of leaks that are looked for once one is known; each alone undoes the failure."""
AUTHORS = 5
EARLIER = 30
"""Tests that ran before a polluter and are run again with it, where it does not write what it wrote without them."""
_OF_PORTS = ("OSError", "in use", "Errno", "Connection", "Timeout", "timed out")
SHARED = "a port that a test left open is held by the original process: copies of it cannot do without"
SHARED_DISK = (
    "other tests changed files, which cannot be put back while other checks run in the same folder; "
    "`readiness isolate` tells whether it is their fault"
)
FILES_NAMED = 3
FLAKY = "run again in the same state, it passed"
UNEXPLAINED = "no state that is watched explains it; it passes when no other test ran before it"


class Case:
    """A test that failed in `world`: by index and name, with the changes that were there before it and after it.

    `before` are the tests that had run there by then, `error` tells failures apart, `said` is for people.
    """

    def __init__(
        self,
        index: int,
        name: str,
        error: str,
        world: Optional[World],
        start: int,
        end: int,
        before: Optional[Sequence[int]] = None,
        said: str = "",
    ) -> None:
        self.index = index
        self.name = name
        self.error = error
        self.world = world
        self.start = start
        self.end = end
        self.said = said
        self.before = range(index) if before is None else before


class Budget:
    """Replays and seconds that may be spent on questions."""

    def __init__(self, replays: int, seconds: float) -> None:
        self._left = replays
        self._ends = clock.monotonic() + seconds
        self.spent = 0

    def look(self) -> None:
        """A look at a test in another world: it costs time alone."""
        if clock.monotonic() > self._ends:
            raise OutOfBudget
        self.spent += 1

    def take(self, number: int = 1) -> None:
        """`number` tests are to be run again."""
        if self._left < number or clock.monotonic() > self._ends:
            raise OutOfBudget
        self._left -= number
        self.spent += number


class Court:
    """Judges one case. `base` is the world before the first test, `seconds` the limit of one replay."""

    def __init__(
        self,
        case: Case,
        ledger: Ledger,
        base: Optional[World],
        budget: Budget,
        seconds: float,
        authors: Authors,
    ) -> None:
        self.case = case
        self.ledger = ledger
        self.base = base
        self.budget = budget
        self.seconds = seconds
        self.authors = authors
        self.is_mixed = any(case.index in one.author.among for one in ledger.changes[: case.start])
        """Whether the test may have changed what was not looked at before it began: that cannot be taken back."""
        self.passed_again = False
        self.notes: List[str] = []
        self.must_show = ""
        """What a copy of the process lacks: nothing is a victim of that before its polluter is found."""

    @cached_property
    def own(self) -> List[int]:
        """Numbers of what the test itself changed. To know that, tests may have to run again."""
        case = self.case
        late = own_changes(self.ledger, case.index, case.start, case.end)
        return [*self.authors.own(case.index, case.start), *(one.number for one in late)]

    # --- questions

    def again(self, put: Sequence[Change] = ()) -> Answer:
        """The test once more in the world where it failed, with some changes taken back."""
        assert self.case.world is not None
        return self._ask(
            self.case.world,
            run=[self.case.index],
            undo=self.own,
            put=[change.number for change in put],
        )

    def clean(self, *before: int) -> Answer:
        """The test after nothing but the tests `before`, in the world before the first test."""
        assert self.base is not None
        return self._ask(self.base, run=[*before, self.case.index])

    def clean_without(self, leaks: Sequence[Leak], *before: int) -> Answer:
        """As `clean`, with some bindings as they were before those tests ran."""
        assert self.base is not None
        keep = [(leak.holder.title, leak.last.name) for leak in leaks]
        return self._ask(self.base, run=[*before, self.case.index], keep=keep)

    def locate(self, author: Author, change: Change) -> Answer:
        """Run again the test during which a change was made, and look which line made it."""
        if self.base is None or author.test < 0:
            return {}
        wanted = (change.holder.title, change.name, author.kind == TEST)
        alone = self._ask(self.base, run=[author.test], locate=wanted)
        if alone.get("where"):
            return alone
        earlier = sorted(one for one in _tests(self.ledger.changes[: change.number]) if one < author.test)
        return (
            self._ask(self.base, run=[*earlier[-EARLIER:], author.test], locate=wanted) if earlier else alone
        )

    def _ask(self, world: World, **question: Any) -> Answer:
        self.budget.take()
        return world.ask({"seconds": self.seconds, **question})

    # --- the class of the failure

    def judge(self) -> Tuple[str, List[List[Leak]], str]:
        """Class, sets of leaks (each alone undoes the failure), and what is to be said otherwise."""
        control = self.again()
        self.passed_again = control["outcome"] in PASSES and not self._lost_in_a_copy()
        if self.passed_again and not self.is_mixed:
            return "flaky", [], FLAKY
        if control["error"] != self.case.error:
            return self._not_the_same(control)
        leaks = self.in_force()
        found = self._tier_that_matters(leaks)
        if found is None:
            self.authors.tell_apart(leak.last for leak in self.cannot_be_put())
        if found is None and outside.prove(self.cannot_be_put(), self._once_more):
            leaks = self.in_force()
            found = self._tier_that_matters(leaks)
        return self._not_put_back(control, leaks) if found is None else self._victim(found)

    def _tier_that_matters(self, leaks: List[Leak]) -> Optional[List[Leak]]:
        return next((tier for tier in tiers(leaks, self.case.start) if self._passes_with(tier)), None)

    def _once_more(self, test: int) -> Answer:
        return {} if self.base is None else self._ask(self.base, run=[test])

    def _not_the_same(self, control: Answer) -> Tuple[str, List[List[Leak]], str]:
        """What was meant to repeat the failure ended otherwise: a thread or a file is missing in the copy, say."""
        if self.base is not None:
            alone = self.clean()
            if alone["error"] == self.case.error:
                return "broken", [], ""
            if alone["outcome"] in PASSES:
                self.must_show = self._lost_in_a_copy()
                return "victim", [], UNEXPLAINED
        ended = control.get("said") or control["error"] or control["outcome"]
        return "unjudged", [], f"run again in a copy of the process, it ended otherwise: {ended}"

    def _victim(self, leaks: List[Leak]) -> Tuple[str, List[List[Leak]], str]:
        passes = self._passes_with
        found = [minimal(list(reversed(leaks)), passes)]
        try:
            for _ in range(ALTERNATIVES):
                used = [leak for one in found for leak in one]
                rest = [leak for leak in leaks if not any(leak.encloses(one) for one in used)]
                if not rest or not passes(rest):
                    break
                found.append(minimal(list(reversed(rest)), passes))
            if self.again()["outcome"] in PASSES or not passes(found[0]):
                return "flaky", [], "run again in the same state, it failed and passed by turns"
        except OutOfBudget:
            self.notes.append("the budget for replays ran out: there may be further causes")
        return "victim", found, ""

    def _passes_with(self, leaks: List[Leak]) -> bool:
        return self.again(first_changes(leaks))["outcome"] in PASSES

    def _not_put_back(self, control: Answer, leaks: List[Leak]) -> Tuple[str, List[List[Leak]], str]:
        """Nothing that is watched explains it: how does it end where no other test ran?"""
        if self.base is None:
            return "broken", [], "it fails with every watched change put back"
        alone = self.clean()
        if alone["outcome"] in PASSES:
            return "victim", [], UNEXPLAINED
        if self._is_about_a_port():
            return "unjudged", [], SHARED
        files = self._files_of_others()
        if files:
            return "unjudged", [], f"{SHARED_DISK}: {', '.join(files[:FILES_NAMED])}"
        # What differs may be the place, or at the same place what is said; a said path or time differs always.
        key = "said" if alone["error"] == control["error"] else "error"
        wanted = alone.get(key)
        if wanted == control.get(key) or alone["outcome"] == "lost":
            return ("hanging" if alone["outcome"] == "hanging" else "broken"), [], ""

        def as_alone(some: List[Leak]) -> bool:
            return bool(self.again(first_changes(some)).get(key) == wanted)

        for tier in tiers(leaks, self.case.start):
            if as_alone(tier):
                found = minimal(list(reversed(tier)), as_alone)
                if not as_alone(found) or self.again().get(key) == wanted:
                    break
                return "broken_and_polluted", [found], f"alone it fails with: {alone.get('said') or wanted}"
        return "broken", [], f"alone it fails otherwise: {alone.get('said')}" if key == "error" else ""

    def _lost_in_a_copy(self) -> str:
        """Threads and children that other tests left: a copy of the process has none of them."""
        kinds = [leak.state for leak in self.cannot_be_put() if not_in_a_copy(leak)]
        return ", ".join(kinds)

    def _files_of_others(self) -> List[str]:
        """Files of the project that other tests changed, where other runs forbid that they are put back."""
        holders = [leak for leak in self.cannot_be_put() if leak.holder.title == FILES]
        return [leak.state for leak in holders if not leak.is_quiet and not leak.holder.ours]  # type: ignore[attr-defined]

    def _is_about_a_port(self) -> bool:
        """The original process holds a port that a test left open, in every world; and the failure is of that kind."""
        about = any(word in f"{self.case.error} {self.case.said}" for word in _OF_PORTS)
        return about and any(
            leak.state == "open sockets" and is_listening(leak.last.after) for leak in self.cannot_be_put()
        )

    def cannot_be_put(self) -> List[Leak]:
        return [leak for leak in self._left() if not can_be_put(leak)]

    def in_force(self) -> List[Leak]:
        return list(filter(can_be_put, self._left()))

    def _left(self) -> List[Leak]:
        """What others had left changed when the test began."""
        return self.ledger.leaks(self.case.start, without=frozenset(self.own))

    # --- a test that passes in order and fails alone

    def brittle(self) -> List[int]:
        """Tests after which it passes, from the clean world; none when it cannot be told."""

        def passes(tests: List[int]) -> bool:
            return self.clean(*tests)["outcome"] in PASSES

        earlier = list(self.case.before)
        changed = _tests(self.ledger.changes)
        for some in ([one for one in earlier if one in changed], earlier):
            if some and passes(some):
                return minimal(some, passes)
        return []

    # --- who did it

    def polluters(self, leak: Leak) -> List[Change]:
        """The changes of that binding that do harm, one for each author."""
        self.authors.tell_apart(leak.changes)
        candidates: Dict[str, Change] = {}
        for change in leak.changes:
            for author in (*change.others, change.author):
                candidates.setdefault(author.name, change.by(author))
        if len(candidates) == 1:
            return list(candidates.values())
        if (
            not leak.last.others
            and leak.last.author.test != self.case.index
            and self.again([leak.last])["outcome"] in PASSES
        ):
            # With all that others had done to it before, it passes.
            return [leak.last]
        harmful = [one for one in list(candidates.values())[-AUTHORS:] if self._does_harm(one.author)]
        others = [change for change in leak.changes if change.author.test != self.case.index]
        return harmful or (others or leak.changes)[-1:]

    def _does_harm(self, author: Author) -> bool:
        if self.base is None or author.test < 0 or author.test == self.case.index:
            return False
        return self.clean(author.test)["outcome"] not in PASSES

    def by_bisection(self) -> List[int]:
        """Tests that make the case fail from the clean world, when no watched state explains it."""
        earlier = [one for one in self.case.before if one != self.case.index]
        changed = _tests(self.ledger.changes[: self.case.start])
        suspects = [one for one in earlier if one in changed]

        def fails(tests: List[int]) -> bool:
            return self.clean(*tests)["outcome"] not in PASSES

        for some in (suspects, earlier):
            if some and fails(some):
                return minimal(some, fails)
        return []


def _tests(changes: Sequence[Change]) -> Set[int]:
    """Every test that may have made one of `changes`."""
    return {test for one in changes for test in one.author.tests} - {-1}


def can_be_put(leak: Leak) -> bool:
    """Whether a copy of the process can be without it. A thread that goes on, say, cannot be put back."""
    return leak.holder.can_put(leak.last.name, leak.first_value)


def not_in_a_copy(leak: Leak) -> bool:
    """Whether a fork of the process is without it."""
    facet = getattr(leak.holder, "facets", {}).get(leak.last.name)
    return facet is not None and not facet.copied


def left_by(court: Court, index: int, polluters: Sequence[int]) -> List[Leak]:
    """What of all that the test of that index left makes the case fail after `polluters`; empty when that is not known.

    For a case that copies of its own world cannot repeat. Files are left out: the disk is put back before a question.
    """
    found = court.ledger.leaks(court.case.start)
    left = [leak for leak in found if can_be_put(leak) and leak.holder.title != FILES]
    court.authors.tell_apart(leak.last for leak in left if index in leak.last.author.among)
    own = [leak for leak in left if author_of(leak.last, index)]

    def passes(some: List[Leak]) -> bool:
        return court.clean_without(some, *polluters)["outcome"] in PASSES

    for tier in ([leak for leak in own if not leak.is_quiet], own):
        if tier and passes(tier):
            return minimal(list(reversed(tier)), passes)
    return []


def author_of(change: Change, index: int) -> Optional[Author]:
    """Whoever of those that made a change is the test of that index."""
    return next((one for one in (change.author, *change.others) if one.test == index), None)


def first_changes(leaks: Sequence[Leak]) -> List[Change]:
    """The changes whose `before` is what the bindings were at first."""
    return [leak.changes[0] for leak in leaks]


def tiers(leaks: Sequence[Leak], number: int) -> List[List[Leak]]:
    """Sets of leaks to put back at once, each holding the one before: left over by tests; made as a matter of
    course or by a fixture that was in force when there were `number` changes; made by imports."""
    late = [leak for leak in leaks if leak.last.author.kind != IMPORT]
    first = [leak for leak in late if not leak.is_quiet and not leak.last.author.in_force(number)]
    found: List[List[Leak]] = []
    for tier in (first, late, list(leaks)):
        if tier and (not found or len(tier) > len(found[-1])):
            found.append(tier)
    return found


def within(work: Callable[[], Any], otherwise: Any) -> Any:
    """What `work` answers, or `otherwise` where the budget does not reach."""
    try:
        return work()
    except OutOfBudget:
        return otherwise
