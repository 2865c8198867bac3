"""Which files decide the outcome of the tests, as globs for `inputs`."""

from __future__ import annotations

import os
import re

from readiness.config.scaffold.tree import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.scaffold.imports import Imports
    from readiness.config.scaffold.tree import Tests

_SETTINGS: Final = (
    *("pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", ".pytest.ini", "tox.ini", "conftest.py"),
    *("uv.lock", "poetry.lock", "pdm.lock", "requirements.txt", "constraints.txt"),
)
_QUOTED: Final = re.compile(r"""["']([\w.][\w./-]*)["']""")
_FEWEST_LETTERS: Final = 3


def inputs_of(root: str, tests: Tests, imports: Imports) -> tuple[str, ...]:
    """Sources, tests, settings, and what else of the top folder the tests name in quotes.

    Empty when it is not clear where the sources are: then every file counts.
    """
    if not imports.own:
        return ()
    globs: dict[str, None] = {}
    for package in imports.own:
        globs[_source(root, package.base, package.name)] = None
    for path in tests.paths:
        globs[_glob(root, os.path.normpath(path))] = None
    globs.update(dict.fromkeys(name for name in _SETTINGS if os.path.isfile(os.path.join(root, name))))
    for name in _named_in(root, tests):
        globs[_glob(root, name)] = None
    return tuple(one for one in globs if not _covered(one, globs))


def _source(root: str, base: str, name: str) -> str:
    if base != ".":
        return f"{base}/**"
    return f"{name}/**" if os.path.isdir(os.path.join(root, name)) else f"{name}.py"


def _glob(root: str, path: str) -> str:
    return "**" if path == "." else f"{path}/**" if os.path.isdir(os.path.join(root, path)) else path


def _named_in(root: str, tests: Tests) -> list[str]:
    """Files and folders of the top folder whose name stands in quotes in a test: data, examples, a README."""
    quoted = {
        part
        for path in tests.files
        for word in _QUOTED.findall(text_of(root, path))
        for part in word.split("/")
    }
    return sorted(
        name
        for name in os.listdir(root)
        if name in quoted
        and not name.startswith(".")
        and len(name) >= _FEWEST_LETTERS
        and not _is_environment(root, name)
    )


def _is_environment(root: str, name: str) -> bool:
    return os.path.exists(os.path.join(root, name, "pyvenv.cfg")) or name in ("node_modules", "build", "dist")


def _covered(one: str, others: dict[str, None]) -> bool:
    """True when another glob, of a folder above, says the same already."""
    return any(
        other != one and other.endswith("**") and one.startswith(other.removesuffix("**")) for other in others
    )
