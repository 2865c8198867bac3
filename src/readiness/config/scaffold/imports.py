"""What the tests import: which packages are the project's own, and which its interpreter must have."""

from __future__ import annotations

import ast
import os
import sys

from readiness.config.scaffold.tree import text_of
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

_BASES: Final = ("src", "lib", "python", ".")
_COMPILED: Final = (".pyx", ".c", ".cpp", ".rs", ".f90")
_COMPILING_BACKENDS: Final = ("maturin", "mesonpy", "scikit_build_core", "setuptools_rust", "ext_modules")


@value
class Package:
    """A package or module of the project: its name, and the folder it is imported from (`src`, or `.`)."""

    name: str
    base: str


@value
class Imports:
    """The project's own packages that the tests import, and the foreign modules that they import."""

    own: tuple[Package, ...]
    foreign: tuple[str, ...]
    uses_unittest: bool = False


def imports_of(root: str, tests: Iterable[str]) -> Imports:
    """Read the top-level imports of the test files and of the conftest files above them."""
    files = sorted({*tests, *conftests(root, tests)})
    names = {name for path in files for name in _imported(text_of(root, path))}
    own = {package.name: package for path in tests if (package := _holding(root, path)) is not None}
    for name in sorted(names):
        base = next((base for base in _BASES if _is_module(os.path.join(root, base), name)), None)
        if base is not None and name not in own:
            own[name] = Package(name, base)
    beside = {os.path.dirname(path) for path in files} | {""}
    foreign = [name for name in sorted(names) if name not in own and not _is_local(root, beside, name)]
    packages = tuple(package for name, package in sorted(own.items()) if not _is_tests(name))
    missing = tuple(name for name in foreign if name not in sys.stdlib_module_names)
    return Imports(packages, missing, "unittest" in names)


def _imported(text: str) -> Iterator[str]:
    """Top-level names that a file cannot do without: those inside `try` and functions are left out."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def conftests(root: str, tests: Iterable[str]) -> set[str]:
    """The conftest files beside the tests and in the folders above them."""
    found = set()
    for path in tests:
        folder = os.path.dirname(path)
        while True:
            found.add(os.path.join(folder, "conftest.py"))
            if not folder:
                break
            folder = os.path.dirname(folder)
    return {path for path in found if os.path.isfile(os.path.join(root, path))}


def _holding(root: str, path: str) -> Package | None:
    """The package that a test file lies in, for tests inside the package they test."""
    folder = os.path.dirname(path)
    name = ""
    while folder and os.path.isfile(os.path.join(root, folder, "__init__.py")):
        name, folder = os.path.basename(folder), os.path.dirname(folder)
    return Package(name, folder or ".") if name and not _is_tests(name) else None


def _is_tests(name: str) -> bool:
    return name in ("tests", "test", "testing", "conftest") or name.startswith("test_")


def _is_module(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, f"{name}.py")) or _holds_python(os.path.join(folder, name))


def _holds_python(folder: str) -> bool:
    """True for a package, with or without `__init__.py`."""
    if not os.path.isdir(folder):
        return False
    return any(name.endswith((".py", *_COMPILED)) for name in os.listdir(folder))


def _is_local(root: str, folders: Iterable[str], name: str) -> bool:
    """True for a helper that lies beside the tests, or in a folder above them."""
    above = {os.path.dirname(folder) for folder in folders} | set(folders)
    return any(_is_module(os.path.join(root, folder), name) for folder in above)


def is_compiled(root: str, package: Package) -> bool:
    """True when the package must be built before it can be imported."""
    folder = os.path.join(root, package.base, package.name)
    if os.path.isdir(folder):
        for _, _, names in os.walk(folder):
            if any(name.endswith(_COMPILED) for name in names):
                return True
    build_files = [
        name for name in ("pyproject.toml", "setup.py") if os.path.isfile(os.path.join(root, name))
    ]
    return any(mark in text_of(root, name) for name in build_files for mark in _COMPILING_BACKENDS)
