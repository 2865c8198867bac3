"""Which files decide the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.config.scaffold.imports import Imports, Package
from readiness.config.scaffold.inputs import inputs_of
from readiness.config.scaffold.tree import Tests

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Tests(("tests",), ("tests/test_a.py",), "")


def test_sources_tests_settings_and_what_the_tests_name(project: Callable[[dict[str, str]], str]) -> None:
    root = project(
        {
            "src/pkg/a.py": "",
            "tool.py": "",
            "tests/test_a.py": "open('data/x.json'), 'README.md', ROOT / \"examples\", 'a', 'absent'\n",
            "data/x.json": "",
            "examples/e.py": "",
            "other/o.py": "",
            "README.md": "",
            "a": "",
            "pyproject.toml": "",
        }
    )
    own = (Package("pkg", "src"), Package("tool", "."))
    assert inputs_of(root, TESTS, Imports(own, ())) == (
        *("src/**", "tool.py", "tests/**", "pyproject.toml"),
        *("README.md", "data/**", "examples/**"),
    )


def test_a_folder_inside_another_is_said_once(project: Callable[[dict[str, str]], str]) -> None:
    root = project({"h/__init__.py": "", "h/tests/test_a.py": ""})
    tests = Tests(("h/tests",), ("h/tests/test_a.py",), "")
    assert inputs_of(root, tests, Imports((Package("h", "."),), ())) == ("h/**",)


def test_nothing_is_said_when_the_sources_are_not_clear(project: Callable[[dict[str, str]], str]) -> None:
    assert inputs_of(project({"tests/test_a.py": ""}), TESTS, Imports((), ("requests",))) == ()
