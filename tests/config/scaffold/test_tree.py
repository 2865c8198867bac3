"""Which files are tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readiness.config.pytest_settings import PytestSettings
from readiness.config.scaffold.tree import find_tests, python_files

if TYPE_CHECKING:
    from collections.abc import Callable

TEST = "def test_it():\n    assert True\n"


def test_the_files_of_the_project_itself(project: Callable[[dict[str, str]], str]) -> None:
    root = project(
        {
            "a.py": "",
            "src/b.py": "",
            "src/notes.txt": "",
            ".hidden/c.py": "",
            "my_env/pyvenv.cfg": "",
            "my_env/lib/d.py": "",
            "node_modules/e.py": "",
            "x.egg-info/f.py": "",
            "src/__pycache__/g.py": "",
        }
    )
    assert python_files(root) == ["a.py", "src/b.py"]


@pytest.mark.parametrize(
    ("files", "testpaths", "paths"),
    [
        (["tests/test_a.py", "tests/unit/b_test.py"], (), ("tests",)),
        (["pkg/tests/test_a.py", "pkg/sub/tests/test_b.py"], (), ("pkg/sub/tests", "pkg/tests")),
        (["testing/test_a.py", "scripts/test_connection.py"], (), ("testing",)),
        (["testing/test_a.py", "checks/test_b.py"], ("checks",), ("checks",)),
        (["tests/test_a.py"], ("absent",), ("tests",)),
        (["tests/a/test_a.py", "tests/b/test_b.py"], ("tests/*",), ("tests/*",)),
        (["test_a.py", "pkg/test_b.py"], (), ("pkg/test_b.py", "test_a.py")),
        (["tests/test_a.py"], (".",), (".",)),
    ],
)
def test_where_tests_are(
    project: Callable[[dict[str, str]], str],
    files: list[str],
    testpaths: tuple[str, ...],
    paths: tuple[str, ...],
) -> None:
    root = project(dict.fromkeys(files, TEST))
    found = find_tests(root, python_files(root), PytestSettings(testpaths=testpaths))
    assert found is not None
    assert tuple(sorted(found.paths)) == paths
    assert {*found.files, *found.left_out} == set(files)


@pytest.mark.parametrize(
    "files",
    [{}, {"tests/helper.py": TEST}, {"tests/test_data.py": "VALUE = 1\n"}, {"tests/contest.py": TEST}],
)
def test_what_is_no_test(project: Callable[[dict[str, str]], str], files: dict[str, str]) -> None:
    root = project(files)
    assert find_tests(root, python_files(root), PytestSettings()) is None


def test_files_named_as_the_settings_say(project: Callable[[dict[str, str]], str]) -> None:
    root = project({"tests/check_a.py": TEST, "tests/test_b.py": TEST})
    found = find_tests(root, python_files(root), PytestSettings(python_files=("check_*.py",)))
    assert found is not None
    assert found.files == ("tests/check_a.py",)
