"""ASGI applications and make targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readiness.config.scaffold.extras import App, find_apps, make_targets, running_target

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("src/pkg/main.py", "app = FastAPI(title='x')", App("pkg.main:app", "FastAPI", "src/pkg/main.py:2")),
        (
            "pkg/__init__.py",
            "api: Starlette = applications.Starlette()",
            App("pkg:api", "Starlette", "pkg/__init__.py:2"),
        ),
        ("main.py", "    app = FastAPI()", None),
        ("main.py", "# app = FastAPI()", None),
        ("examples/main.py", "app = FastAPI()", None),
    ],
)
def test_applications(
    project: Callable[[dict[str, str]], str], path: str, line: str, expected: App | None
) -> None:
    root = project({path: f"x = 1\n{line}\n"})
    assert find_apps(root, [path]) == ((expected,) if expected else ())


def test_targets(project: Callable[[dict[str, str]], str]) -> None:
    root = project({"Makefile": "install:\n\tx\ntest: install\n\t-y\ncheck:\n\tz\nsmoke-all:\n\tz\n"})
    assert make_targets(root) == ("test", "check", "smoke-all")
    assert running_target(root, make_targets(root)) == "test"
    assert running_target(root, ("smoke-all",)) == "smoke-all"


def test_a_target_that_cannot_fail_is_no_check(project: Callable[[dict[str, str]], str]) -> None:
    root = project({"Makefile": "test:\n\t-pytest\ncheck:\n\techo ok\n"})
    assert running_target(root, make_targets(root)) == ""


def test_no_makefile(project: Callable[[dict[str, str]], str]) -> None:
    assert make_targets(project({})) == ()
