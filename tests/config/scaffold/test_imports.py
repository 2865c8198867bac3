"""What tests import, and which of it is the project's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readiness.config.scaffold.imports import Imports, Package, imports_of, is_compiled

if TYPE_CHECKING:
    from collections.abc import Callable


def test_own_foreign_and_neither(project: Callable[[dict[str, str]], str]) -> None:
    root = project(
        {
            "src/pkg/__init__.py": "",
            "tool.py": "",
            "space/inner/__init__.py": "",
            "space/x.py": "",
            "tests/conftest.py": "import from_conftest\n",
            "tests/helpers.py": "",
            "tests/test_a.py": """\
                import os, pkg.sub as p
                import freezegun, tool, helpers, conftest
                from space.inner import y
                from . import sibling
                try:
                    import numpy
                except ImportError:
                    numpy = None
                def test_it():
                    import lazily
                """,
            "tests/test_broken.py": "def test(:\n",
        }
    )
    assert imports_of(root, ["tests/test_a.py", "tests/test_broken.py"]) == Imports(
        own=(Package("pkg", "src"), Package("space", "."), Package("tool", ".")),
        foreign=("freezegun", "from_conftest"),
    )


def test_tests_inside_the_package_they_test(project: Callable[[dict[str, str]], str]) -> None:
    files = {
        "h/__init__.py": "",
        "h/tests/__init__.py": "",
        "h/tests/test_a.py": "import unittest\nfrom .. import x\n",
    }
    assert imports_of(project(files), ["h/tests/test_a.py"]) == Imports(
        (Package("h", "."),), (), uses_unittest=True
    )


def test_a_package_of_tests_is_not_what_is_tested(project: Callable[[dict[str, str]], str]) -> None:
    files = {
        "tests/test_pkg/__init__.py": "",
        "tests/test_pkg/test_a.py": "from test_pkg import other\nimport tests\n",
    }
    assert imports_of(project(files), ["tests/test_pkg/test_a.py"]).own == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "src/p/__init__.py": "",
                "pyproject.toml": "[build-system]\nbuild-backend = 'hatchling.build'\n",
            },
            False,
        ),
        ({"src/p/__init__.py": "", "src/p/sub/fast.pyx": ""}, True),
        ({"src/p/__init__.py": "", "pyproject.toml": "build-backend = 'maturin'\n"}, True),
        ({"src/p/__init__.py": "", "setup.py": "setup(ext_modules=[])\n"}, True),
        ({"src/p.py": ""}, False),
    ],
)
def test_packages_that_must_be_built(
    project: Callable[[dict[str, str]], str], files: dict[str, str], expected: bool
) -> None:
    assert is_compiled(project(files), Package("p", "src")) is expected
