"""The Python files of a project, and which of them hold tests."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

    from readiness.config.pytest_settings import PytestSettings

TEST_FOLDERS: Final = ("tests", "test", "testing", "unit_tests", "t")
_NOT_OURS: Final = frozenset(
    ("__pycache__", "node_modules", "site-packages", "build", "dist", "vendor", "third_party", "_vendor")
)
_MOST_FILES: Final = 20_000
_LARGEST: Final = 500_000


@value
class Tests:
    """Where the tests are: the paths to hand to the test runner, the files found there, and what told of them."""

    __test__ = False

    paths: tuple[str, ...]
    files: tuple[str, ...]
    told_by: str
    left_out: tuple[str, ...] = ()
    """Files that look like tests and lie elsewhere."""


def python_files(root: str) -> list[str]:
    """Every Python file of the project itself, relative to its root; environments and vendored code left out."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_ours(os.path.join(folder, name), name))
        here = os.path.relpath(folder, root)
        found += sorted(os.path.normpath(os.path.join(here, name)) for name in names if name.endswith(".py"))
        if len(found) >= _MOST_FILES:
            break
    return found


def _is_ours(path: str, name: str) -> bool:
    if name.startswith(".") or name in _NOT_OURS or name.endswith((".egg-info", ".dist-info")):
        return False
    return not os.path.exists(os.path.join(path, "pyvenv.cfg"))


def text_of(root: str, path: str) -> str:
    """The start of a file; what is no UTF-8 in it does not matter here."""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST)


def find_tests(root: str, files: Iterable[str], settings: PytestSettings) -> Tests | None:
    """By `testpaths`, else by folders named for tests, else the test files themselves; None when there are none."""
    candidates = [path for path in files if _is_test_file(root, path, settings.python_files)]
    if not candidates:
        return None
    named = tuple(path for path in settings.testpaths if any(_inside(one, path) for one in candidates))
    if named:
        return _tests(named, candidates, f"testpaths of {settings.file}")
    folders = {one: _test_folder(one) for one in candidates}
    paths = tuple(sorted({folder for folder in folders.values() if folder}))
    if paths:
        return _tests(paths, candidates, "folders named for tests")
    return _tests(tuple(candidates), candidates, "names of files")


def _tests(paths: tuple[str, ...], candidates: list[str], told_by: str) -> Tests:
    inside = [one for one in candidates if any(_inside(one, path) for path in paths)]
    return Tests(paths, tuple(inside), told_by, tuple(one for one in candidates if one not in inside))


def _is_test_file(root: str, path: str, patterns: Iterable[str]) -> bool:
    """Named as pytest names test files, and holding something that is a test."""
    name = os.path.basename(path)
    if not any(fnmatchcase(name, pattern) for pattern in patterns):
        return False
    text = text_of(root, path)
    return "def test" in text or "class Test" in text or "TestCase" in text


def _inside(path: str, folder: str) -> bool:
    folder = os.path.normpath(folder)
    return (
        folder == "." or path == folder or path.startswith(f"{folder}/") or fnmatchcase(path, f"{folder}/*")
    )


def _test_folder(path: str) -> str:
    """The outermost folder above a file that is named for tests: `pkg/tests` for `pkg/tests/unit/test_a.py`."""
    parts = path.split("/")[:-1]
    for number, part in enumerate(parts, 1):
        if part in TEST_FOLDERS:
            return "/".join(parts[:number])
    return ""
