"""Small frozen values, as `@dataclass(frozen=True)` would make them, without what that costs at start-up.

Importing `dataclasses` takes twice the CPU of starting Python, and each class it makes another millisecond,
because it compiles source; the gate has some sixty of them on the way to its first check. These are made by
reading annotations alone. To a type checker they are frozen dataclasses (PEP 681).
"""

from __future__ import annotations

from types import MappingProxyType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeVar, dataclass_transform

    T = TypeVar("T")
else:

    def dataclass_transform(**_: object):
        return lambda decorator: decorator


EMPTY: Mapping[str, Any] = MappingProxyType({})
"""The default of every field that holds a mapping."""


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """Make `cls` a value: built from its annotated names in order, compared by them, and never changed.

    A default is the name's value in the class body and must not be mutable. A value may extend another.
    """
    own = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 (inspect is what this avoids)
    names = (*getattr(cls, "__value_fields__", ()), *own)
    methods = {
        "__init__": _init,
        "__eq__": _eq,
        "__hash__": _hash,
        "__repr__": _repr,
        "__setattr__": _frozen,
        "__delattr__": _frozen,
        "__value_fields__": names,
        "__match_args__": names,
        "__dataclass_fields__": _Fields(),
    }
    for name, member in methods.items():
        setattr(cls, name, member)
    return cls


def field_names(of: object) -> tuple[str, ...]:
    """The names of a value's (or of its class's) fields, in order."""
    names: tuple[str, ...] = of.__value_fields__  # type: ignore[attr-defined]
    return names


def replace(one: T, **changes: Any) -> T:
    """The same value with some fields changed."""
    return type(one)(**({name: getattr(one, name) for name in field_names(one)} | changes))


_SCALARS = frozenset({str, int, float, bool, type(None)})


def as_json(thing: Any) -> Any:
    """A value, and all inside it, as what `json` can write: objects, lists and scalars."""
    if type(thing) in _SCALARS:
        return thing
    if hasattr(thing, "__value_fields__"):
        return {name: as_json(getattr(thing, name)) for name in thing.__value_fields__}
    if isinstance(thing, (dict, MappingProxyType)):
        return {key: as_json(one) for key, one in thing.items()}
    if isinstance(thing, (list, tuple, set, frozenset)):
        return [as_json(one) for one in thing]
    return thing


class _Fields:
    """What `dataclasses.fields`, `asdict` and `replace` look for; made only when somebody asks."""

    def __get__(self, _: object, owner: type[Any]) -> Any:
        import dataclasses

        twin = dataclasses.make_dataclass(owner.__name__, owner.__value_fields__)
        return twin.__dataclass_fields__  # type: ignore[attr-defined]


def _init(self: Any, *given: Any, **named: Any) -> None:
    cls = type(self)
    names = cls.__value_fields__
    held = self.__dict__
    if len(given) > len(names):
        raise TypeError(f"{cls.__name__} takes {len(names)} values, got {len(given)}")
    held.update(zip(names, given, strict=False))
    for name, one in named.items():
        if name in held or name not in names:
            raise TypeError(
                f"{cls.__name__} got {'two values for' if name in held else 'an unknown'} field {name!r}"
            )
        held[name] = one
    if len(held) < len(names):
        missing = [name for name in names if name not in held and not hasattr(cls, name)]
        if missing:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__value_fields__])


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__value_fields__)
    return f"{type(self).__name__}({shown})"


def _frozen(self: Any, name: str, *_: object) -> None:
    raise AttributeError(f"{type(self).__name__} is a value: {name!r} cannot be changed")
