"""Who changed what, in order; and what of it is still changed."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import ClassHolder, ModuleHolder
from readiness_probe.tracing.values import MISSING

if TYPE_CHECKING:
    from typing import Any, Container, Dict, Iterable, List, Optional, Sequence, Tuple

    from readiness_probe.tracing.holders import Holder

_CODE = (FunctionType, BuiltinFunctionType, classmethod, staticmethod, property)
IMPORT, FIXTURE, TEST = "import", "fixture", "test"


class Author:
    """Who was at work: a test, a fixture that outlives tests, or the import of a module.

    `name` is what a report says, `test` the index of the test that ran meanwhile (-1: none). `among` are the tests of
    which any may have done it, where no look was between them; `test` is the last of them. `ended` is how many changes
    there were when a fixture was torn down; None while it is in force.
    """

    __slots__ = ("among", "ended", "kind", "name", "scope", "test")

    def __init__(
        self, kind: str, name: str, test: int = -1, scope: str = "", among: Sequence[int] = ()
    ) -> None:
        self.kind = kind
        self.name = name
        self.test = test
        self.scope = scope
        self.among = tuple(among)
        self.ended: Optional[int] = None

    @property
    def tests(self) -> Tuple[int, ...]:
        """Every test that it may be."""
        return self.among or (self.test,)

    def in_force(self, number: int) -> bool:
        """A fixture that was set up when there were `number` changes; what it changed is meant."""
        return self.kind == FIXTURE and (self.ended is None or self.ended > number)


class Change:
    """One binding that an author left changed. `number` orders all changes of a session; `others` wrote it just before
    `author` did."""

    __slots__ = ("after", "author", "before", "holder", "name", "number", "others")

    def __init__(
        self, number: int, holder: Holder, name: Any, before: Any, after: Any, author: Author
    ) -> None:
        self.number = number
        self.holder = holder
        self.name = name
        self.before = before
        self.after = after
        self.author = author
        self.others: List[Author] = []

    @property
    def state(self) -> str:
        return self.holder.state(self.name)

    def by(self, author: Author) -> Change:
        """The same, made by somebody else."""
        if author is self.author:
            return self
        return Change(self.number, self.holder, self.name, self.before, self.after, author)


class Leak:
    """A binding that differs from what it was at first, with every change that led there."""

    __slots__ = ("changes",)

    def __init__(self, changes: List[Change]) -> None:
        self.changes = changes

    @property
    def last(self) -> Change:
        return self.changes[-1]

    @property
    def first_value(self) -> Any:
        return self.changes[0].before

    @property
    def state(self) -> str:
        return self.last.state

    @property
    def holder(self) -> Holder:
        return self.last.holder

    def encloses(self, other: Leak) -> bool:
        """Whether to put this back takes the other one along: the same, or a folder and what is in it."""
        if self is other:
            return True
        return self.holder is other.holder and self.holder.encloses(self.last.name, other.last.name)

    @property
    def is_quiet(self) -> bool:
        """A change that programs make as a matter of course: an import, a value filled in at first use."""
        return is_quiet(self.last.holder, self.last.name, self.first_value, self.last.after)

    @property
    def is_plain(self) -> bool:
        """No program changes it as a matter of course: a name rebound, the environment, the import path.

        Of an installed package, a function or class that something else stands for: its flags, counters and tables
        it writes itself.
        """
        holder, first = self.last.holder, self.first_value
        if isinstance(holder, (ModuleHolder, ClassHolder)):
            return first is not None and first is not MISSING and (holder.own or _is_code(first))
        facet = getattr(holder, "facets", {}).get(self.last.name)
        return holder.plain if facet is None else bool(facet.plain)


def _is_code(thing: Any) -> bool:
    return issubclass(type(thing), (type, *_CODE))


def is_quiet(holder: Holder, name: Any, before: Any, after: Any) -> bool:
    """See `Leak.is_quiet`."""
    if holder.is_quiet_name(name):
        return True
    facet = getattr(holder, "facets", {}).get(name)
    if facet is not None:
        return bool(facet.quiet)
    if holder.title == "sys.modules":
        return before is MISSING
    if isinstance(holder, ModuleHolder):
        filled_in = before is None or before is MISSING
        return filled_in and (not holder.own or issubclass(type(after), ModuleType))
    return False


class Ledger:
    """All changes of a session, in order. What comes from number `tests_from` on was done while tests ran."""

    def __init__(self) -> None:
        self.changes: List[Change] = []
        self.tests_from = 0

    def add(self, holder: Holder, name: Any, before: Any, after: Any, author: Author) -> None:
        self.changes.append(Change(len(self.changes), holder, name, before, after, author))

    def insert(self, number: int, changes: Sequence[Change]) -> None:
        """Move the last `changes` of the ledger to where they were made: before the one of that number."""
        rest = self.changes[number : len(self.changes) - len(changes)]
        self.changes[number:] = [*changes, *rest]
        for at in range(number, len(self.changes)):
            self.changes[at].number = at

    def leaks(self, end: Optional[int] = None, without: Container[int] = ()) -> List[Leak]:
        """What was changed after the first `end` changes (default: all of them), the newest last.

        What imports left and what tests left are apart: a test may take back what an import did. `without` are
        numbers of changes that are not to count.
        """
        by_imports = _fold(self.changes[: self.tests_from])
        return by_imports + _fold(
            change for change in self.changes[self.tests_from : end] if change.number not in without
        )

    def left_by(self, name: str) -> List[Leak]:
        """What that author changed and did not put back: in the midst of a test, pytest has things of its own in force."""
        return _fold([one for one in self.changes if one.author.name == name])

    def since(self, start: int, end: int) -> List[Change]:
        return self.changes[start:end]


def own_changes(ledger: Ledger, index: int, start: int, end: int) -> List[Change]:
    """What a test itself changed, not the fixtures that it shares with others."""
    found = ledger.since(start, end)
    return [one for one in found if one.author.kind == TEST and one.author.test == index]


def _fold(changes: Iterable[Change]) -> List[Leak]:
    found: Dict[Tuple[int, Any], List[Change]] = {}
    for change in changes:
        key = (id(change.holder), change.name)
        history = found.pop(key, [])
        history.append(change)
        if not change.holder.same(history[0].before, change.after):
            found[key] = history
    return [Leak(history) for history in found.values()]
