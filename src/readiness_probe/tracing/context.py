"""Context variables (PEP 567) of the context that tests run in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import Holder
from readiness_probe.tracing.values import MISSING, module_names

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Set, TypeVar

    Answer = TypeVar("Answer")

_WATCHED_ELSEWHERE = frozenset({"decimal_context"})


class ContextHolder(Holder):
    """By name; a second variable of the same name has `#2` behind it."""

    def __init__(self) -> None:
        super().__init__("context variables", None)
        self._names: Dict[int, str] = {}
        self._variables: Dict[str, Any] = {}
        self._absent: Set[str] = set()

    def now(self) -> Dict[Any, Any]:
        found = {self._name(variable): value for variable, value in _items()}
        return {name: value for name, value in found.items() if name not in _WATCHED_ELSEWHERE}

    def _name(self, variable: Any) -> str:
        known = self._names.get(id(variable))
        if known is None:
            number = 1 + sum(one.name == variable.name for one in self._variables.values())
            known = variable.name if number == 1 else f"{variable.name}#{number}"
            self._names[id(variable)] = known
            self._variables[known] = variable
        return known

    def put(self, name: Any, value: Any) -> None:
        """A variable that was set once cannot be unset: see `run`."""
        if value is MISSING:
            self._absent.add(name)
        else:
            self._absent.discard(name)
            self._variables[name].set(value)

    def run(self, work: Callable[[], Answer]) -> Answer:
        """Do `work` in this context, or where variables are to be absent in another that is the same but for those."""
        if not self._absent:
            return work()
        kept = [(one, value) for one, value in _items() if self._name(one) not in self._absent]

        def inside() -> Answer:
            for variable, value in kept:
                variable.set(value)
            return work()

        return _names()["Context"]().run(inside)  # type: ignore[no-any-return]

    def state(self, name: Any) -> str:
        return f"context variable {name}"


def _names() -> Any:
    module = sys.modules.get("_contextvars")
    return {} if module is None else module_names(module)


def _items() -> Any:
    copy = _names().get("copy_context")
    return () if copy is None else list(copy().items())
