"""Comparing and showing values of other people's programs without running any code of theirs."""

from __future__ import annotations

import re
import types
from operator import is_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Optional

TEXT_LIMIT = 100
_ELEMENTS = 4
_DEPTH = 2
ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None)})
_MODULE_NAMES: Any = vars(types.ModuleType)["__dict__"]
_BRACKETS: Dict[type, str] = {list: "[]", tuple: "()"}
_SECRET = re.compile(r"key|token|secret|passw|credential|auth", re.IGNORECASE)


class _Missing:
    """Stands for the value of a name that is not bound."""

    def __repr__(self) -> str:
        return "absent"


MISSING = _Missing()


def same(one: Any, other: Any, depth: int = _DEPTH) -> bool:
    """The same object, or equal values of a type whose comparison is the interpreter's own."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in ATOMS:
        return bool(one == other)
    if kind is tuple and depth and len(one) == len(other):
        return all(map(is_, one, other)) or all(
            same(left, right, depth - 1) for left, right in zip(one, other)
        )
    return False


def shown(value: Any, depth: int = _DEPTH) -> str:
    """A short text for `value`. No `__repr__` but the interpreter's own is called."""
    kind = type(value)
    if value is MISSING:
        return "absent"
    if kind in ATOMS:
        return _cut(repr(value))
    if kind in (list, tuple, set, frozenset, dict):
        return _cut(_container(value, kind, depth))
    if issubclass(kind, type):
        return f"class {class_name(value)}"
    if kind in (types.FunctionType, types.BuiltinFunctionType):
        return f"function {value.__module__}.{value.__qualname__}"
    if issubclass(kind, types.ModuleType):
        return f"module {module_name(value) or '?'}"
    return f"<{class_name(kind)} object>"


def shown_variable(name: str, value: Any) -> str:
    """The value of an environment variable; what looks like a secret is not shown."""
    return "***" if type(value) is str and value and _SECRET.search(name) else shown(value)


def class_name(kind: type) -> str:
    """Module and qualified name, `int` for a builtin one."""
    module = class_module(kind)
    name = str(_of_type("__qualname__", kind))
    return name if module in ("builtins", None) else f"{module}.{name}"


def class_module(kind: type) -> Optional[str]:
    """The module that a class says it is of; None when it does not say so in a string."""
    try:
        module = _of_type("__module__", kind)
    except AttributeError:
        return None
    return module if type(module) is str else None


def _of_type(name: str, kind: type) -> Any:
    """An attribute of a class; its metaclass has no say."""
    return type.__dict__[name].__get__(kind)


def module_names(module: Any) -> Any:
    """The names of a module; a lazy module's own ways to look up an attribute are not asked."""
    return _MODULE_NAMES.__get__(module)


def module_name(module: types.ModuleType) -> str:
    name = (module_names(module) or {}).get("__name__")
    return name if type(name) is str else ""


def _container(value: Any, kind: type, depth: int) -> str:
    if not value:
        return repr(value)
    if not depth:
        return f"{kind.__name__} of {len(value)}"
    if kind is dict:
        parts: Iterable[str] = (
            f"{shown(key, 0)}: {shown(item, depth - 1)}" for key, item in list(value.items())[:_ELEMENTS]
        )
    else:
        parts = (shown(item, depth - 1) for item in list(value)[:_ELEMENTS])
    text = ", ".join(parts) + (f", … {len(value) - _ELEMENTS} more" if len(value) > _ELEMENTS else "")
    brackets = _BRACKETS.get(kind, "{}")
    return f"{brackets[0]}{text}{brackets[1]}"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"
