"""Imports run one way, the three packages keep apart, and the probe asks for nothing but pytest."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src"

HEIGHT = {
    "readiness": {
        "record": 0,
        "config": 1,
        "gate": 2,
        "store": 3,
        "models": 3,
        "relay": 3,
        "trials": 3,
        "run": 4,
        "isolation": 5,
        "report": 5,
        "review": 6,
        "cli": 7,
    },
    "mini_agent": {
        "conversation": 0,
        "limits": 0,
        "result": 1,
        "events": 2,
        "interfaces": 2,
        "headers": 3,
        "history": 3,
        "sandbox": 3,
        "model": 4,
        "tools": 4,
        "loop": 5,
        "library": 6,
        "observe": 6,
        "app": 7,
        "settings": 8,
        "cli": 9,
    },
}
"""A room may import from lower rooms and from its own."""


def modules(package: str) -> list[Path]:
    return sorted((SRC / package).rglob("*.py"))


@cache
def imports(path: Path) -> tuple[tuple[int, str], ...]:
    """Every imported module with its line, those inside functions and type-checking blocks included."""
    return tuple(imported(path))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or path.is_relative_to(SRC / "readiness_probe"), (
                f"{path}:{node.lineno}: relative import"
            )
            yield from ((node.lineno, target(node.module or "", name.name)) for name in node.names)


def target(module: str, name: str) -> str:
    """What `from module import name` reaches: a module of that name, or the module itself."""
    inner = SRC / Path(*module.split("."), name)
    return f"{module}.{name}" if inner.is_dir() or inner.with_suffix(".py").exists() else module


def room(module: str, package: str) -> str:
    """The room of a package that a module lies in; empty for the package itself and what lies outside."""
    first, *inner = module.split(".")
    return inner[0] if first == package and inner else ""


@pytest.mark.parametrize("package", HEIGHT)
def test_imports_run_downward(package):
    height = HEIGHT[package]
    upward = [
        f"{path.relative_to(SRC)}:{line} imports {module}"
        for path in modules(package)
        if (own := path.relative_to(SRC / package).parts[0].removesuffix(".py")) in height
        for line, module in imports(path)
        if (other := room(module, package)) in height and other != own and height[other] >= height[own]
    ]
    assert upward == []


@pytest.mark.parametrize("package", HEIGHT)
def test_every_room_has_its_place(package):
    rooms = {path.name for path in (SRC / package).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= set(HEIGHT[package])


@pytest.mark.parametrize("package", HEIGHT)
def test_no_import_cycle(package):
    graph = {
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): {
            module for _, module in imports(path) if module.startswith(f"{package}.")
        }
        for path in modules(package)
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail[trail.index(module) :], module))
        if module in done:
            return
        for target in graph.get(module, ()):
            visit(target, (*trail, module))
        done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize(
    ("package", "others"),
    [
        ("readiness", ("mini_agent",)),
        ("mini_agent", ("readiness", "readiness_probe")),
        ("readiness_probe", ("readiness", "mini_agent")),
    ],
)
def test_the_packages_keep_apart(package, others):
    crossing = [
        f"{path}:{line}"
        for path in modules(package)
        for line, module in imports(path)
        if module.split(".")[0] in others
    ]
    assert crossing == []


def test_the_probe_asks_for_the_standard_library_and_pytest_alone():
    allowed = set(sys.stdlib_module_names) | {
        "pytest",
        "_pytest",
        "readiness_probe",
        "xdist",
        "__future__",
        "",
    }
    foreign = [
        f"{path}:{line} imports {module}"
        for path in modules("readiness_probe")
        for line, module in imports(path)
        if module.split(".")[0] not in allowed
    ]
    assert foreign == []


def test_a_module_stays_a_readable_size():
    long = {
        str(path.relative_to(SRC)): n
        for path in modules(".")
        if (n := len(path.read_text().splitlines())) > 400
    }
    assert long == {}
