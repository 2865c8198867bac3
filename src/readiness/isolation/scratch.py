"""A copy of the project in which a patch is tried, so that nothing of the project changes before it is verified."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from readiness.record.value import value
from readiness.run.removal import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

BYTES: Final = 500 << 20
FILES: Final = 50_000
LEFT_OUT: Final = frozenset(
    {
        *(".git", ".hg", ".svn", ".readiness", "__pycache__", "node_modules", ".tox", ".nox"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".eggs", "htmlcov"),
    }
)
"""Folders that no test suite imports code of its project from."""
_PATHS: Final = "import json, sys; print(json.dumps([sys.path, list(sys.builtin_module_names)]))"


class CopyError(Exception):
    """The project cannot be copied; the message says why."""


@value
class Paths:
    """Where an interpreter that was started in the project looks for modules: folders, and modules built into it."""

    folders: tuple[str, ...]
    built_in: frozenset[str] = frozenset()

    def is_module(self, name: str) -> bool:
        """Whether a dotted name is a module's, by the files that are there; nothing is imported."""
        return name in self.built_in or any(_holds(folder, name.split(".")) for folder in self.folders)


def paths_of(python: str, folder: str, environ: Mapping[str, str], further: tuple[str, ...]) -> Paths:
    """Ask the interpreter; `further` folders come first. Raises CopyError when it does not answer."""
    asked = subprocess.run(
        [python, "-c", _PATHS],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    try:
        path, built_in = json.loads(asked.stdout)
    except ValueError as error:
        why = f"it ended with code {asked.returncode}"
        raise CopyError(f"{python} does not say where it looks for modules: {why}") from error
    folders = [os.path.join(folder, one) for one in path if os.path.isdir(os.path.join(folder, one))]
    return Paths((*further, *folders), frozenset(built_in))


def _holds(folder: str, parts: list[str]) -> bool:
    path = os.path.join(folder, *parts)
    if os.path.isfile(f"{path}.py") or os.path.isfile(os.path.join(path, "__init__.py")):
        return True
    parent = os.path.dirname(path)
    compiled = (f"{parts[-1]}.cpython-", f"{parts[-1]}.abi3")
    return os.path.isdir(parent) and any(name.startswith(compiled) for name in os.listdir(parent))


@contextlib.contextmanager
def copied(
    root: str, texts: Mapping[str, bytes], parent: str | None = None, without: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The folder of a copy of `root` with `texts` (by path, relative to it) in place of what is there.

    Files and folders `without` are left out: what the run itself left behind.

    It is made below `parent`, else in the folder for temporary files, and removed at the end.

    Raises CopyError for a project beyond BYTES or FILES, and where it cannot be read or written.
    """
    top = tempfile.mkdtemp(prefix="readiness-patch-", dir=parent)
    target = os.path.join(top, os.path.basename(root) or "project")
    try:
        try:
            _Copy(root, target, without).folder("")
            for path, data in texts.items():
                os.makedirs(os.path.dirname(os.path.join(target, path)), exist_ok=True)
                with open(os.path.join(target, path), "wb") as file:
                    file.write(data)
        except (OSError, shutil.Error) as error:
            raise CopyError(f"the project could not be copied: {error}") from error
        yield target
    finally:
        remove_tree(top)


class _Copy:
    def __init__(self, source: str, target: str, without: frozenset[str]) -> None:
        self._source = source
        self._target = target
        self._without = without
        self._bytes = self._files = 0

    def folder(self, inside: str) -> None:
        os.mkdir(os.path.join(self._target, inside))
        for entry in os.scandir(os.path.join(self._source, inside)):
            path = os.path.join(inside, entry.name)
            if path in self._without:
                continue
            if entry.is_symlink():
                self._link(entry.path, path)
            elif entry.is_dir():
                if os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                    # The interpreter is used as it is, also where the command says `.venv/bin/python`.
                    os.symlink(entry.path, os.path.join(self._target, path))
                elif entry.name not in LEFT_OUT:
                    self.folder(path)
            elif entry.is_file():
                self._file(entry, path)
        shutil.copystat(os.path.join(self._source, inside), os.path.join(self._target, inside))

    def _link(self, path: str, inside: str) -> None:
        """As it is, but one that leads into the original by its full name leads into the copy."""
        to = os.readlink(path)
        start = os.path.join(self._source, "")
        if to.startswith(start):
            to = os.path.join(self._target, to[len(start) :])
        os.symlink(to, os.path.join(self._target, inside))

    def _file(self, entry: os.DirEntry[str], inside: str) -> None:
        self._files += 1
        self._bytes += entry.stat().st_size
        if self._files > FILES or self._bytes > BYTES:
            raise CopyError(
                f"the project is too large to try a patch in a copy of it: more than {FILES:,} files or {BYTES >> 20} MB"
            )
        shutil.copy2(entry.path, os.path.join(self._target, inside))


def import_path(paths: Paths, root: str, target: str, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the copy of every folder of the import path that lies in the project, first on PYTHONPATH.

    An editable install leads to the original; what comes first wins over it.
    """
    inside = [one for one in paths.folders if _within(one, root) and "site-packages" not in one]
    source = os.path.join(root, "src")
    if os.path.isdir(source) and source not in inside:
        inside.append(source)
    given = [one for one in environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    moved = [_moved(os.path.abspath(one), root, target) for one in inside]
    kept = [_moved(one, root, target) for one in given]
    names = [one for one in dict.fromkeys([*kept, *moved]) if one != target or target in kept]
    changed = {name: word for name, word in environ.items() if name != "PYTHONPATH"}
    return {**changed, "PYTHONPATH": os.pathsep.join(names)} if names else changed


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(os.path.join(root, ""))


def _moved(path: str, root: str, target: str) -> str:
    """Its place in the copy; what is not copied, as the folder that brings in the probe, stays where it is."""
    if not (os.path.isabs(path) and _within(path, root)):
        return path
    there = os.path.join(target, os.path.relpath(path, root))
    return there if os.path.exists(there) else path
