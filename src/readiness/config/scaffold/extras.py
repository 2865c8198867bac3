"""What else a project has that a gate could use: ASGI applications, make targets."""

from __future__ import annotations

import re

from readiness.config.commands.nested import Project
from readiness.config.scaffold.tree import text_of
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

_APP: Final = re.compile(
    r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(FastAPI|Starlette|Litestar|Quart)\(", re.MULTILINE
)
_INTERESTING: Final = ("test", "tests", "check", "lint", "typecheck", "mypy")


@value
class App:
    """An ASGI application: the module and name that uvicorn takes, the framework, and where it stands."""

    target: str
    framework: str
    where: str


def find_apps(root: str, files: Iterable[str]) -> tuple[App, ...]:
    """Applications made at the top level of a module that is no test."""
    found = []
    for path in files:
        text = text_of(root, path) if not path.startswith(("examples/", "docs/")) else ""
        match = _APP.search(text) if "(" in text else None
        if match:
            module = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            line = text.count("\n", 0, match.start()) + 1
            found.append(App(f"{module}:{match.group(1)}", match.group(2), f"{path}:{line}"))
    return tuple(found)


def make_targets(root: str) -> tuple[str, ...]:
    """The targets of the project's Makefile that test or judge."""
    makefile = Project(root).makefile(".")
    names = makefile.rules if makefile is not None else ()
    return tuple(name for name in names if name in _INTERESTING or name.startswith("smoke"))


def running_target(root: str, targets: tuple[str, ...]) -> str:
    """The first of the test targets that can fail; empty when there is none."""
    from readiness.config.commands import trace

    wanted = [name for name in ("test", "tests", "check", *targets) if name in targets]
    return next((name for name in wanted if trace(f"make {name}", root).can_fail), "")
