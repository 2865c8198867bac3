"""Things that hold named values, and how to read and write those without running code of their owners."""

from __future__ import annotations

import collections
import functools
import sys
import types
from operator import is_
from typing import TYPE_CHECKING

from readiness_probe.tracing.values import MISSING, module_names, same, shown
from readiness_probe.tracing.versions import dict_of_class

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

CONTENT = "content"
"""The one name of a holder whose content is only ever looked at as a whole."""
_SIMPLE_KEYS = frozenset({str, int, bytes, bool, type(None)})
_OF_MODULES = frozenset({"__builtins__", "__warningregistry__", "__annotations__", "__cached__"})
_WATCHED_ELSEWHERE = {"time": frozenset({"tzname", "timezone", "altzone", "daylight"})}
"""Names that only show what the C library holds; to bind them anew changes nothing."""
_OF_CLASSES = frozenset(
    {
        *("__dict__", "__weakref__", "_abc_impl", "__abstractmethods__", "__annotations__"),
        *("__annotations_cache__", "__annotate_func__", "__static_attributes__", "__firstlineno__"),
    }
)
_OF_TOOLS = "_hypothesis_"
_HEAP_TYPE = 1 << 9
"""The flag of a class that is made at run time, by a class statement say."""
_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_CACHE = type(functools.lru_cache(maxsize=1)(lambda: None))


class Holder:
    """`title` is how a person would write it; `target` the object. Subclasses say what `names` and `put` do."""

    plain = False
    """True for state that no program changes as a matter of course, whatever it was before."""
    quiet = False
    """True for state that changes as a matter of course; it is never called a leak without a proof."""

    def __init__(self, title: str, target: Any) -> None:
        self.title = title
        self.target = target
        self.seen: Dict[Any, Any] = {}

    def dict(self) -> Optional[Dict[Any, Any]]:
        """The dict whose version tag tells of every change of this holder; None when there is none."""
        return None

    def now(self) -> Dict[Any, Any]:
        """A copy of what it holds now."""
        raise NotImplementedError

    def put(self, name: Any, value: Any) -> None:
        """Bind `name` to `value`, or unbind it where that is MISSING."""
        raise NotImplementedError

    def state(self, name: Any) -> str:
        """What a person calls the value of that name."""
        return f"{self.title}.{name}"

    def shown(self, name: Any, value: Any) -> str:  # noqa: ARG002
        return shown(value)

    def changes(self, before: Dict[Any, Any], after: Dict[Any, Any]) -> List[Tuple[Any, Any, Any]]:
        """Name, old value and new value of all that was bound anew."""
        found: List[Tuple[Any, Any, Any]] = []
        if _identical(before, after):
            return found
        for name, value in after.items():
            old = before.get(name, MISSING)
            if old is not value and not self.same(old, value):
                found.append((name, old, value))
        found += [(name, old, MISSING) for name, old in before.items() if name not in after]
        return found

    def same(self, one: Any, other: Any) -> bool:
        return same(one, other)

    def can_put(self, name: Any, value: Any) -> bool:  # noqa: ARG002
        """Whether `put` can do what it should in a copy of the process."""
        return True

    def encloses(self, name: Any, other: Any) -> bool:  # noqa: ARG002
        """Whether what has that name holds what has the other one."""
        return False

    def is_quiet_name(self, name: Any) -> bool:  # noqa: ARG002
        """As `quiet`, of one name."""
        return self.quiet

    def get(self, name: Any) -> Any:
        """The value of one name, MISSING when it has none."""
        return self.now().get(name, MISSING)

    def moved(self) -> bool:
        """False when nothing was bound anew since `seen`. Cheap, and may say True for nothing."""
        return not _identical(self.seen, self.now())


class ModuleHolder(Holder):
    """The global names of a module. `own` says whether it is the user's."""

    own = True

    def __init__(self, title: str, target: Any) -> None:
        super().__init__(title, target)
        self._left_out = _OF_MODULES | _WATCHED_ELSEWHERE.get(title, frozenset())

    def get(self, name: Any) -> Any:
        return self.dict().get(name, MISSING)

    def dict(self) -> Dict[Any, Any]:
        return module_names(self.target)  # type: ignore[no-any-return]

    def now(self) -> Dict[Any, Any]:
        names = self.dict().copy()
        for name in self._left_out:
            names.pop(name, None)
        return names

    def put(self, name: Any, value: Any) -> None:
        _put_item(self.dict(), name, value)


class ClassHolder(Holder):
    """The attributes of a class itself. Metaclasses have no say in how they are written back. `own` as of a module."""

    own = True

    def __init__(self, title: str, target: Any, names: Optional[Dict[Any, Any]] = None) -> None:
        """`names` is the dict behind the class, where that was looked up before."""
        super().__init__(title, target)
        names = dict_of_class(target) if names is None else names
        self._names: Dict[Any, Any] = {} if names is None else names

    def dict(self) -> Dict[Any, Any]:
        return self._names

    def now(self) -> Dict[Any, Any]:
        names = self._names.copy()
        for name in _OF_CLASSES:
            names.pop(name, None)
        return names

    def put(self, name: Any, value: Any) -> None:
        if value is MISSING:
            if name in self.dict():
                type.__delattr__(self.target, name)
        else:
            type.__setattr__(self.target, name, value)


class InstanceHolder(Holder):
    """The attributes of an object: its dict and its slots."""

    def __init__(self, title: str, target: Any) -> None:
        super().__init__(title, target)
        self.slots = dict(slots_of(type(target)))
        self._gets = [slot.__get__ for slot in self.slots.values()]
        self._of: Any = None
        self._values: List[Any] = []

    def dict(self) -> Optional[Dict[Any, Any]]:
        return None if self.slots else dict_of(self.target)

    def changes(self, before: Dict[Any, Any], after: Dict[Any, Any]) -> List[Tuple[Any, Any, Any]]:
        """What a tool that runs tests notes on them is its own."""
        found = super().changes(before, after)
        return [one for one in found if not (type(one[0]) is str and one[0].startswith(_OF_TOOLS))]

    def now(self) -> Dict[Any, Any]:
        names = dict(dict_of(self.target) or {})
        for name, slot in self.slots.items():
            value = _slot_value(slot, self.target)
            if value is not MISSING:
                names[name] = value
        return names

    def moved(self) -> bool:
        if self.slots:
            return self._slots_moved()
        return not _identical(self.seen, dict_of(self.target) or {})

    def _slots_moved(self) -> bool:
        """As any holder's, without the copy where every slot is filled and there is nothing else."""
        if self._of is not self.seen:
            self._of = self.seen
            self._values = [self.seen.get(name, MISSING) for name in self.slots]
        target = self.target
        try:
            values = [get(target) for get in self._gets]
        except AttributeError:
            return super().moved()
        return not all(map(is_, values, self._values)) or (dict_of(target) is not None and super().moved())

    def put(self, name: Any, value: Any) -> None:
        if name not in self.slots:
            names = dict_of(self.target)
            if names is not None:
                _put_item(names, name, value)
        elif value is not MISSING:
            self.slots[name].__set__(self.target, value)
        elif _slot_value(self.slots[name], self.target) is not MISSING:
            self.slots[name].__delete__(self.target)


class DictHolder(Holder):
    """A dict, or what inherits from it. Keys whose comparison is not the interpreter's own are left alone."""

    def dict(self) -> Optional[Dict[Any, Any]]:
        return self.target  # type: ignore[no-any-return]

    def now(self) -> Dict[Any, Any]:
        return {key: value for key, value in dict.items(self.target) if type(key) in _SIMPLE_KEYS}

    def moved(self) -> bool:
        return len(self.seen) != dict.__len__(self.target) or not _identical(self.seen, self.now())

    def put(self, name: Any, value: Any) -> None:
        if value is not MISSING:
            dict.__setitem__(self.target, name, value)
        elif dict.__contains__(self.target, name):
            dict.__delitem__(self.target, name)

    def state(self, name: Any) -> str:
        return f"{self.title}[{name!r}]"


class SequenceHolder(Holder):
    """A list, a set, a deque or a bytearray: its content as a whole."""

    def __init__(self, title: str, target: Any) -> None:
        super().__init__(title, target)
        self._base: Any = sequence_base(target)

    def now(self) -> Dict[Any, Any]:
        return {CONTENT: tuple(_iterator(self.target))}

    def moved(self) -> bool:
        before = self.seen[CONTENT]
        base, target = self._base, self.target
        return base.__len__(target) != len(before) or not all(map(is_, before, base.__iter__(target)))

    def put(self, name: Any, value: Any) -> None:  # noqa: ARG002
        base = sequence_base(self.target)
        if base is list:
            list.__setitem__(self.target, slice(None), value)
        elif base is bytearray:
            bytearray.__setitem__(self.target, slice(None), bytes(value))
        elif base is set:
            set.clear(self.target)
            set.update(self.target, value)
        else:
            collections.deque.clear(self.target)
            collections.deque.extend(self.target, value)

    def state(self, name: Any) -> str:  # noqa: ARG002
        return self.title

    def shown(self, name: Any, value: Any) -> str:  # noqa: ARG002
        return shown(value) if value is MISSING else shown(list(value))


class CacheHolder(Holder):
    """What `functools.lru_cache` keeps. It can be emptied, and not be filled again."""

    quiet = True

    def now(self) -> Dict[Any, Any]:
        return {CONTENT: self._filled()}

    def moved(self) -> bool:
        return bool(self._filled() != self.seen[CONTENT])

    def _filled(self) -> Tuple[int, int]:
        info = self.target.cache_info()
        return info.misses, info.currsize

    def put(self, name: Any, value: Any) -> None:  # noqa: ARG002
        self.target.cache_clear()

    def state(self, name: Any) -> str:  # noqa: ARG002
        return f"the cache of {self.title}"

    def shown(self, name: Any, value: Any) -> str:  # noqa: ARG002
        return f"{value[1]} entries" if value is not MISSING else shown(value)


SEQUENCES = frozenset({list, set, collections.deque, bytearray})


def sequence_base(value: Any) -> Optional[type]:
    """Which of the changeable sequences `value` is, be it by inheritance."""
    return next((one for one in _bases(type(value)) if one in SEQUENCES), None)


def is_cache(value: Any) -> bool:
    return type(value) is _CACHE


def dict_slot(kind: type) -> Any:
    """By which a class gives its objects their `__dict__`, so that the class has no say; None where it has none."""
    for one in _bases(kind):
        found = type.__dict__["__dict__"].__get__(one).get("__dict__")
        if found is not None:
            return found if type(found) in _SLOTS else None
    return None


def dict_of(value: Any) -> Optional[Dict[Any, Any]]:
    """The attributes of an object, found without its class having a say; None when it has none."""
    slot = dict_slot(type(value))
    names = None if slot is None else slot.__get__(value)
    return names if type(names) is dict else None


def slots_of(kind: type) -> Iterator[Tuple[str, Any]]:
    for one in _bases(kind):
        if type.__dict__["__flags__"].__get__(one) & _HEAP_TYPE:
            for name, slot in list(type.__dict__["__dict__"].__get__(one).items()):
                # What begins so is the layout of an object of C, `__vectorcalloffset__` say: a new number at each look.
                if type(slot) is types.MemberDescriptorType and not name.startswith("__"):
                    yield name, slot


def _identical(before: Dict[Any, Any], after: Dict[Any, Any]) -> bool:
    if len(before) != len(after):
        return False
    return all(map(is_, before.values(), after.values())) and all(map(is_, before, after))


def _iterator(value: Any) -> Iterator[Any]:
    base: Any = sequence_base(value)
    return base.__iter__(value)  # type: ignore[no-any-return]


def _bases(kind: type) -> Tuple[type, ...]:
    return type.__dict__["__mro__"].__get__(kind)  # type: ignore[no-any-return]


def _slot_value(slot: Any, target: Any) -> Any:
    try:
        return slot.__get__(target)
    except AttributeError:
        return MISSING


def _put_item(names: Dict[Any, Any], name: Any, value: Any) -> None:
    if value is MISSING:
        names.pop(name, None)
    else:
        names[name] = value


class ImportedHolder(DictHolder):
    """`sys.modules`. What was imported in addition is no leak unless it proves to be one."""

    plain = True

    def __init__(self) -> None:
        super().__init__("sys.modules", sys.modules)
