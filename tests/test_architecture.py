"""Imports run one way, the three packages keep apart, and the probe asks for nothing but pytest."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src"

HEIGHT = {
    "record": 0,
    "config": 1,
    "gate": 2,
    "store": 3,
    "models": 3,
    "relay": 3,
    "trials": 3,
    "run": 4,
    "isolation": 5,
    "review": 5,
    "report": 5,
    "cli": 6,
}
"""A room may import from lower rooms and from its own."""


def modules(package: str) -> list[Path]:
    return sorted((SRC / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module, those inside functions and type-checking blocks included."""
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


def room(module: str) -> str:
    return module.split(".")[1] if module.startswith("readiness.") else ""


def test_imports_run_downward():
    upward = [
        f"{path.relative_to(SRC)}:{line} imports {module}"
        for path in modules("readiness")
        if (own := path.relative_to(SRC / "readiness").parts[0]) in HEIGHT
        for line, module in imports(path)
        if room(module) in HEIGHT and room(module) != own and HEIGHT[room(module)] >= HEIGHT[own]
    ]
    assert upward == []


def test_every_room_has_its_place():
    rooms = {
        path.name for path in (SRC / "readiness").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert rooms <= set(HEIGHT)


def test_no_import_cycle():
    graph = {
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): {
            module for _, module in imports(path) if module.startswith("readiness.")
        }
        for path in modules("readiness")
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
