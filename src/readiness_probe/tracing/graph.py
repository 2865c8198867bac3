"""Which holders there are: the modules, their classes, and what can be reached from those of the user's own code."""

from __future__ import annotations

import collections
import sys
import types
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import (
    CacheHolder,
    ClassHolder,
    DictHolder,
    InstanceHolder,
    ModuleHolder,
    SequenceHolder,
    dict_of,
    is_cache,
    sequence_base,
    slots_of,
)
from readiness_probe.tracing.values import ATOMS, class_module, class_name, module_name, module_names
from readiness_probe.tracing.versions import dict_of_class, dicts_of_classes

if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Optional, Tuple

    from readiness_probe.tracing.holders import Holder

DEPTH = 7
WIDTH = 400
"""Of a container, that many elements are followed; a larger one is watched as such."""
LARGEST = 5000
"""Elements of a list or set that is still compared one by one."""
OBJECTS = 20_000
"""Of the user's own, and as many classes of others."""

_TOOLS = ("pytest", "pluggy", "readiness_probe", "coverage", "xdist", "execnet", "hypothesis", "iniconfig")
"""What runs the tests changes with every test, and is nobody's leak."""
_SHUT = (
    *(types.ModuleType, types.CodeType, types.FrameType, types.TracebackType, types.GeneratorType),
    *(types.BuiltinFunctionType, types.GetSetDescriptorType, types.MemberDescriptorType, property),
    *(types.MappingProxyType, types.CoroutineType, range, slice, memoryview),
)
_LEAD_ON = (tuple, types.FunctionType, types.MethodType, staticmethod, classmethod)
_NOT_FOLLOWED = frozenset({"__spec__", "__loader__", "__doc__", "__file__", "__path__", "__dict__"})
_EVENT = "threading.Event"
"""One that is left set, or never set again, is state as any other; a thread itself is watched elsewhere."""
_NOT_ENTERED = frozenset(
    {
        *("_io", "io", "_thread", "threading", "weakref", "_weakref", "_pytest", "pluggy", "logging"),
        *("typing", "typing_extensions", "pathlib", "dataclasses"),
    }
)
"""Modules whose objects are looked after elsewhere, or fill in their own slots as a matter of course."""


class Graph:
    """`users` says of a file whether it is the user's own code."""

    def __init__(self, users: Callable[[str], bool], *, all_classes: bool) -> None:
        self._users = users
        self._all_classes = all_classes
        self._own_modules: Dict[str, bool] = {}
        self._known: Dict[int, Any] = {}
        self._reached = 0
        self._foreign = 0

    def new_modules(self) -> Iterator[ModuleHolder]:
        """Holders for modules that were not there before."""
        for name, module in sys.modules.copy().items():
            if id(module) not in self._known and issubclass(type(module), types.ModuleType):
                self._known[id(module)] = module
                if not _is_tool(name) and type(module_names(module)) is dict:
                    holder = ModuleHolder(name, module)
                    holder.own = self.is_own(module)
                    yield holder

    def is_own(self, module: Any) -> bool:
        name = module_name(module)
        if name not in self._own_modules:
            file = (module_names(module) or {}).get("__file__")
            self._own_modules[name] = type(file) is str and not _is_tool(name) and self._users(file)
        return self._own_modules[name]

    def inside(self, module: ModuleHolder) -> Iterator[Holder]:
        """Everything new below a module of the user's own."""
        return self._search(collections.deque((one, 1) for one in self._below(module)))

    def classes_of(self, modules: Iterable[ModuleHolder]) -> List[ClassHolder]:
        """Classes that foreign modules made themselves, not those that they imported. Made for thousands at once."""
        found: List[type] = []
        for module in modules if self._all_classes else ():
            values = module.seen.values()
            metaclasses = {kind for kind in set(map(type, values)) if issubclass(kind, type)}
            if metaclasses:
                classes = [value for value in values if type(value) in metaclasses]
                found += [value for value in classes if class_module(value) == module.title]
        new = {id(kind): kind for kind in found if id(kind) not in self._known}
        kinds = list(new.values())[: max(0, OBJECTS - self._foreign)]
        holders = []
        for kind, names in zip(kinds, dicts_of_classes(kinds)):
            if names is not None:
                self._known[id(kind)] = kind
                holder = ClassHolder(class_name(kind), kind, names)
                holder.own = False
                holders.append(holder)
        self._foreign += len(holders)
        return holders

    def _search(self, waiting: Deque[Tuple[Tuple[str, Any], int]]) -> Iterator[Holder]:
        """Breadth first, so that a limit cuts off what lies deep."""
        while waiting and self._reached < OBJECTS:
            (title, value), depth = waiting.popleft()
            if id(value) in self._known or depth > DEPTH:
                continue
            found = self._holder(title, value)
            if type(value) in _LEAD_ON:
                self._known[id(value)] = value
                waiting.extend((one, depth + 1) for one in _through(title, value))
            if found is not None:
                self._known[id(value)] = value
                self._reached += 1
                yield found
                if self._is_followed(found):
                    step = 1 if self._is_of_own_make(value) else 2
                    waiting.extend((one, depth + step) for one in self._below(found))

    def leave_alone(self, *values: Any) -> None:
        """Watched elsewhere."""
        for value in values:
            self._known[id(value)] = value

    def reached(self, title: str, value: Any) -> Iterator[Holder]:
        """Everything new at and below a value that a name was bound to."""
        return self._search(collections.deque([((title, value), 1)]))

    def _is_followed(self, holder: Holder) -> bool:
        if isinstance(holder, ClassHolder):
            return self._is_of_own_make(holder.target)
        return not isinstance(holder, CacheHolder)

    def _is_of_own_make(self, value: Any) -> bool:
        """A class of the user's own modules, or an instance of one; also a plain container."""
        kind = value if issubclass(type(value), type) else type(value)
        module = class_module(kind) or ""
        return module == "builtins" or (module in sys.modules and self.is_own(sys.modules[module]))

    def _below(self, holder: Holder) -> Iterator[Tuple[str, Any]]:
        if isinstance(holder, ModuleHolder) and not holder.own:
            return
        names = holder.now()
        for name, value in list(names.items())[:WIDTH]:
            if isinstance(holder, SequenceHolder):
                yield from ((f"{holder.title}[{i}]", one) for i, one in enumerate(value[:WIDTH]))
            elif name not in _NOT_FOLLOWED and type(value) not in ATOMS:
                yield holder.state(name), value

    def _holder(self, title: str, value: Any) -> Optional[Holder]:
        kind = type(value)
        if (
            kind in ATOMS
            or kind in (tuple, types.MethodType, staticmethod, classmethod)
            or issubclass(kind, _SHUT)
        ):
            return None
        if issubclass(kind, type):
            return ClassHolder(class_name(value), value) if self._is_own_class(value) else None
        if is_cache(value):
            return CacheHolder(title, value)
        if issubclass(kind, dict):
            return DictHolder(title, value)
        base = sequence_base(value)
        if base is not None:
            return SequenceHolder(title, value) if base.__len__(value) <= LARGEST else None  # type: ignore[attr-defined]
        return self._object(title, value, kind)

    def _object(self, title: str, value: Any, kind: type) -> Optional[Holder]:
        module = class_module(kind) or ""
        entered = module.partition(".")[0] not in _NOT_ENTERED or class_name(kind) == _EVENT
        if _is_tool(module) or not entered:
            return None
        if kind is types.FunctionType and not value.__dict__:
            return None
        if dict_of(value) is None and not any(True for _ in slots_of(kind)):
            return None
        return InstanceHolder(title, value)

    def _is_own_class(self, kind: type) -> bool:
        if dict_of_class(kind) is None:
            return False
        name = class_module(kind)
        module = None if name is None else sys.modules.get(name)
        return module is not None and issubclass(type(module), types.ModuleType) and self._may_enter(module)

    def _may_enter(self, module: Any) -> bool:
        return self._all_classes and not _is_tool(module_name(module)) or self.is_own(module)


def _through(title: str, value: Any) -> Iterator[Tuple[str, Any]]:
    """What holds nothing that could change, and yet leads on to something that does."""
    kind = type(value)
    if kind is tuple:
        yield from ((f"{title}[{i}]", one) for i, one in enumerate(value[:WIDTH]))
    elif kind is types.FunctionType:
        for name, one in _defaults(value):
            yield f"{title}({name}=…)", one
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
            yield f"{title} (its variable {name})", _cell(cell)
    elif kind is types.MethodType:
        yield f"{title}.__self__", value.__self__
    elif kind in (staticmethod, classmethod):
        yield title, value.__func__


def _defaults(function: types.FunctionType) -> List[Tuple[str, Any]]:
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    given = function.__defaults__ or ()
    found = list(zip(positional[len(positional) - len(given) :], given))
    return found + list((function.__kwdefaults__ or {}).items())


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _is_tool(module: str) -> bool:
    top = module.partition(".")[0]
    return top in _TOOLS or top.startswith(("_pytest", "pytest_", "_hypothesis"))
