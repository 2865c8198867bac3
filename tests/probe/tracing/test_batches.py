"""What is compared in batches: whatever is changed is found, once it is, and nothing else."""

from __future__ import annotations

import collections
import functools
from typing import Any

import pytest

from readiness_probe.tracing.batches import SETTLED, SIZE, Compared
from readiness_probe.tracing.holders import DictHolder, Holder, InstanceHolder, SequenceHolder


class Slotted:
    __slots__ = ("one", "two")

    def __init__(self) -> None:
        self.one, self.two = object(), object()


class Plain:
    def __init__(self) -> None:
        self.one = object()


class Both(Slotted):
    def __init__(self) -> None:
        super().__init__()
        self.three = object()


def of_each_kind() -> list[Holder]:
    found: list[Holder] = []
    for number in range(5):
        found += [SequenceHolder(f"list {number}", [object()]), SequenceHolder(f"set {number}", {number})]
        found += [
            SequenceHolder(f"deque {number}", collections.deque([1])),
            DictHolder(f"dict {number}", {"a": 1}),
        ]
        found += [
            InstanceHolder(f"both {number}", Both()),
            InstanceHolder(f"partial {number}", functools.partial(len)),
        ]
        found += [InstanceHolder(f"slots {number}", Slotted()), InstanceHolder(f"plain {number}", Plain())]
    return found


def compared(holders: list[Holder]) -> Compared:
    made = Compared()
    for holder in holders:
        holder.seen = holder.now()
        made.add(holder)
    return made


CHANGES: dict[str, Any] = {
    "list 2": lambda one: one.append(1),
    "set 2": lambda one: one.add(99),
    "deque 2": lambda one: one.clear(),
    "dict 2": lambda one: one.update(a=2),
    "slots 2": lambda one: setattr(one, "two", object()),
    "slots 3": lambda one: delattr(one, "one"),
    "both 1": lambda one: setattr(one, "two", object()),
    "both 2": lambda one: setattr(one, "three", object()),
    "both 3": lambda one: setattr(one, "__dict__", {}),
    "partial 2": lambda one: setattr(one, "other", 1),
    "plain 2": lambda one: setattr(one, "other", 1),
    "plain 3": lambda one: setattr(one, "__dict__", {"one": 2}),
}


@pytest.mark.parametrize("title", CHANGES)
def test_what_is_changed_is_found(title: str) -> None:
    holders = of_each_kind()
    watched = compared(holders)
    assert watched.moved() == []
    (changed,) = [holder for holder in holders if holder.title == title]
    CHANGES[title](changed.target)
    assert watched.moved() == [changed]
    changed.seen = changed.now()
    assert watched.moved() == []
    assert len(watched) == len(holders)


def test_what_has_been_still_for_long_is_found_too() -> None:
    holders: list[Holder] = [SequenceHolder(str(number), [number]) for number in range(SIZE + 3)]
    watched = compared(holders)
    for turn in range(2):
        holders[turn].target.append(turn)
        assert watched.moved() == [holders[turn]]
        holders[turn].seen = holders[turn].now()
    assert all(watched.moved() == [] for _ in range(2 * SETTLED))
    holders[0].target.clear()
    assert watched.moved() == [holders[0]]
