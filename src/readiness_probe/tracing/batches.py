"""Holders without a version tag, compared many at once: no step of it but the last is one of Python's own loop."""

from __future__ import annotations

from itertools import chain
from operator import is_
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import (
    CONTENT,
    SEQUENCES,
    DictHolder,
    InstanceHolder,
    SequenceHolder,
    dict_slot,
)

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

    from readiness_probe.tracing.holders import Holder

    Unmoved = Callable[[], bool]

SIZE = 256
"""Holders of a batch. What moves leaves it, and it is made anew."""
SETTLED = 64
"""After that many looks without a change a holder is still again."""


class Compared:
    """Those that did not move for a while are in batches; each of the others is looked at by itself."""

    def __init__(self) -> None:
        self._restless: List[Holder] = []
        self._batches: List[Batch] = []
        self._open: Dict[str, Batch] = {}
        self._looks = 0
        self._lately: Set[int] = set()

    def __len__(self) -> int:
        return len(self._restless) + sum(len(batch.holders) for batch in self._batches)

    def add(self, holder: Holder) -> None:
        kind = _kind(holder)
        if kind is None:
            self._restless.append(holder)
            return
        batch = self._open.get(kind)
        if batch is None or len(batch.holders) >= SIZE:
            batch = self._open[kind] = Batch(kind)
            self._batches.append(batch)
        batch.add(holder)

    def moved(self) -> List[Holder]:
        """Those that are not as they were when last seen."""
        found = [holder for holder in self._restless if holder.moved()]
        for batch in self._batches:
            if not batch.unmoved():
                left = batch.leave()
                self._restless += left
                found += [holder for holder in left if holder.moved()]
        self._lately.update(map(id, found))
        self._looks += 1
        if self._looks % SETTLED == 0:
            self._settle(found)
        return found

    def _settle(self, found: List[Holder]) -> None:
        """What has just moved is seen anew after this; it waits for the next time."""
        restless, self._restless = self._restless, []
        for holder in restless:
            if id(holder) in self._lately:
                self._restless.append(holder)
            else:
                self.add(holder)
        self._lately = set(map(id, found))


class Batch:
    """Holders of one kind, as they were seen last."""

    def __init__(self, kind: str) -> None:
        self.holders: List[Holder] = []
        self._make: Callable[[List[Any]], Unmoved] = _MAKERS[kind]
        self._unmoved: Optional[Unmoved] = None

    def add(self, holder: Holder) -> None:
        self.holders.append(holder)
        self._unmoved = None

    def unmoved(self) -> bool:
        """True when none of them was changed."""
        if self._unmoved is None:
            self._unmoved = self._make(self.holders)
        return self._unmoved()

    def leave(self) -> List[Holder]:
        """Take out those that moved; all of them where none says that it did."""
        left = [holder for holder in self.holders if holder.moved()] or self.holders
        gone = set(map(id, left))
        self.holders = [holder for holder in self.holders if id(holder) not in gone]
        self._unmoved = None
        return left


def _kind(holder: Holder) -> Optional[str]:
    """Which batches it fits in; None where it has to be looked at by itself."""
    if type(holder) is SequenceHolder and type(holder.target) in SEQUENCES:
        return "sequences"
    if type(holder) is DictHolder and len(holder.seen) == dict.__len__(holder.target):
        return "dicts"
    if type(holder) is InstanceHolder:
        if not holder.slots:
            return "instances" if dict_slot(type(holder.target)) is not None else None
        if all(name in holder.seen for name in holder.slots):
            return "slots" if dict_slot(type(holder.target)) is None else "both"
    return None


def _sequences(holders: List[Any]) -> Unmoved:
    targets = [holder.target for holder in holders]
    contents = [holder.seen[CONTENT] for holder in holders]
    sizes, flat = list(map(len, contents)), list(chain.from_iterable(contents))

    def unmoved() -> bool:
        return list(map(len, targets)) == sizes and all(map(is_, chain.from_iterable(targets), flat))

    return unmoved


def _slots(holders: List[Any]) -> Unmoved:
    columns: Dict[Any, Tuple[List[Any], List[Any]]] = {}
    for holder in holders:
        for name, slot in holder.slots.items():
            targets, values = columns.setdefault(slot, ([], []))
            targets.append(holder.target)
            values.append(holder.seen[name])
    flat = [(slot.__get__, targets, values) for slot, (targets, values) in columns.items()]

    def unmoved() -> bool:
        try:
            return all(all(map(is_, map(get, targets), values)) for get, targets, values in flat)
        except (AttributeError, TypeError):
            # A slot was emptied, or the object has another class by now.
            return False

    return unmoved


class _Rest:
    """What an object with slots has in its dict, such as `functools.partial`."""

    def __init__(self, holder: Any) -> None:
        self.target = holder.target
        self.seen = {name: value for name, value in holder.seen.items() if name not in holder.slots}


def _both(holders: List[Any]) -> Unmoved:
    slots, rest = _slots(holders), _instances(list(map(_Rest, holders)))
    return lambda: slots() and rest()


def _dicts(holders: List[Any]) -> Unmoved:
    targets = [holder.target for holder in holders]
    same = _same_dicts(holders)
    return lambda: same(targets)


def _instances(holders: List[Any]) -> Unmoved:
    by_slot: Dict[Any, List[Any]] = {}
    for holder in holders:
        by_slot.setdefault(dict_slot(type(holder.target)), []).append(holder)
    columns = [(slot.__get__, [one.target for one in some]) for slot, some in by_slot.items()]
    same = _same_dicts(list(chain.from_iterable(by_slot.values())))

    def unmoved() -> bool:
        try:
            return same([names for get, targets in columns for names in map(get, targets)])
        except TypeError:
            # The object has another class by now.
            return False

    return unmoved


def _same_dicts(holders: List[Any]) -> Callable[[List[Any]], bool]:
    seen = [holder.seen for holder in holders]
    sizes = list(map(len, seen))
    names, values = list(chain.from_iterable(seen)), list(chain.from_iterable(map(dict.values, seen)))

    def same(now: List[Any]) -> bool:
        return (
            list(map(dict.__len__, now)) == sizes
            and all(map(is_, chain.from_iterable(map(dict.values, now)), values))
            and all(map(is_, chain.from_iterable(map(dict.keys, now)), names))
        )

    return same


_MAKERS: Dict[str, Callable[[List[Any]], Unmoved]] = {
    "sequences": _sequences,
    "slots": _slots,
    "both": _both,
    "dicts": _dicts,
    "instances": _instances,
}
