"""The guard of the field report: after the whole suite every class is the genuine one, and no fake was left behind.

Named to run last. A smoke test once replaced the class that calls tools over HTTP and never put it back, and the
header contract was exercised with the fake from then on.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

import pytest

pytest.importorskip("mini_agent.tools.http.backend", reason="the agent is not installed")


def overrides(modules: dict[str, ModuleType], package: str) -> list[str]:
    """Names of a package's modules that hold something else than what their own source defines."""
    found = []
    for name, module in sorted(modules.items()):
        if name.partition(".")[0] != package or not getattr(module, "__file__", None):
            continue
        for attribute, held in vars(module).items():
            if not (inspect.isclass(held) or inspect.isfunction(held)):
                continue
            home = modules.get(held.__module__)
            if held.__module__.partition(".")[0] != package:
                if attribute in _defined_in(module):
                    found.append(f"{name}.{attribute} is {held.__module__}.{held.__qualname__}")
            elif (
                home is not None
                and vars(home).get(held.__name__) is not held
                and "<locals>" not in held.__qualname__
            ):
                found.append(f"{name}.{attribute} is no longer {held.__module__}.{held.__name__}")
    return found


def _defined_in(module: ModuleType) -> set[str]:
    """Names that a module's source defines with `class` or `def` at its top level."""
    lines = inspect.getsource(module).splitlines()
    words = (line.removeprefix("async ").split("(")[0].split(":")[0].split() for line in lines)
    return {word[1].partition("[")[0] for word in words if len(word) == 2 and word[0] in ("class", "def")}


def test_overrides_are_the_genuine_classes_after_the_whole_suite() -> None:
    assert overrides(dict(sys.modules), "mini_agent") == []


def test_the_guard_sees_a_class_that_was_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = sys.modules["mini_agent.tools.http.backend"]
    name = next(
        name
        for name, held in vars(backend).items()
        if inspect.isclass(held) and held.__module__ == backend.__name__
    )
    monkeypatch.setattr(backend, name, type("Fake", (), {}))
    assert [one for one in overrides(dict(sys.modules), "mini_agent") if f"{name} is " in one]
