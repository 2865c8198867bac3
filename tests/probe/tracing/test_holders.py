"""Every kind of holder: it sees a change, and puts it back without asking the object."""

from __future__ import annotations

import collections
import functools
import types

import pytest

from readiness_probe.tracing import holders
from readiness_probe.tracing.values import MISSING


class Slotted:
    __slots__ = ("x", "y")


class Meta(type):
    def __setattr__(cls, name, value):
        raise RuntimeError("not through the metaclass")


class Shut(metaclass=Meta):
    kind = 1


class Plain:
    def __setattr__(self, name, value):
        raise RuntimeError("not through the object")

    def __getattr__(self, name):
        raise RuntimeError("touched")


class Odd(dict):
    def __iter__(self):
        raise RuntimeError("iterated")

    def items(self):
        raise RuntimeError("asked")

    def __setitem__(self, key, value):
        raise RuntimeError("set")


def changed(holder, name, value):
    """Put a value, see that it is noticed, put the old one back, see that all is as before."""
    holder.seen = holder.now()
    before = holder.get(name)
    assert not holder.moved()
    holder.put(name, value)
    assert holder.moved()
    assert [one[0] for one in holder.changes(holder.seen, holder.now())] == [name]
    holder.put(name, before)
    assert holder.changes(holder.seen, holder.now()) == []


def plain() -> Plain:
    made = Plain()
    made.__dict__["x"] = 1
    return made


def slotted() -> Slotted:
    made = Slotted()
    made.x = 1
    return made


@pytest.mark.parametrize("value", [2, None, MISSING])
@pytest.mark.parametrize(
    ("kind", "target", "name"),
    [
        (holders.InstanceHolder, plain, "x"),
        (holders.InstanceHolder, slotted, "x"),
        (holders.InstanceHolder, lambda: types.SimpleNamespace(x=1), "x"),
        (holders.ClassHolder, lambda: Shut, "kind"),
        (holders.ModuleHolder, lambda: type(types)("made", "a module"), "__doc__"),
        (holders.DictHolder, lambda: {"a": 1}, "a"),
        (holders.DictHolder, lambda: Odd(a=1), "a"),
    ],
)
def test_a_name_is_changed_and_put_back(kind, target, name, value):
    changed(kind("it", target()), name, value)


def test_a_name_is_added_and_taken_away_again():
    changed(holders.InstanceHolder("it", slotted()), "y", 5)
    changed(holders.DictHolder("it", {}), "new", 5)


@pytest.mark.parametrize(
    ("target", "value"),
    [([1, 2], (2, 1)), ({1, 2}, (1,)), (collections.deque([1]), ()), (bytearray(b"ab"), (98,))],
)
def test_the_content_of_a_sequence(target, value):
    holder = holders.SequenceHolder("it", target)
    before = list(target)
    changed(holder, holders.CONTENT, value)
    assert list(target) == before


def test_a_cache_is_emptied():
    cached = functools.lru_cache(lambda number: number)
    assert holders.is_cache(cached)
    holder = holders.CacheHolder("it", cached)
    holder.seen = holder.now()
    cached(1)
    assert holder.moved()
    holder.put(holders.CONTENT, holder.seen[holders.CONTENT])
    assert cached.cache_info().currsize == 0


def test_an_equal_value_bound_again_is_no_change():
    target = {"name": "a longer text"}
    holder = holders.DictHolder("it", target)
    holder.seen = holder.now()
    target["name"] = "".join(["a longer", " text"])
    assert holder.changes(holder.seen, holder.now()) == []


def test_a_property_called_dict_is_not_run():
    class Trap:
        @property
        def __dict__(self):
            raise RuntimeError("touched")

    assert holders.dict_of(Trap()) is None
