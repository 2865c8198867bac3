"""What of a project has changed since the last look, and which checks that touches.

By looking at times of change and not by asking the kernel to tell: that works alike in containers, on shared folders
and on every system, costs a `stat` a file, and needs no library.
"""

from __future__ import annotations

import os

from readiness.run.globs import matches
from readiness.run.inputs import Inputs
from readiness.run.provenance import GENERATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Final

    from readiness.config.model import Check

    Mark = tuple[int, int, int]
    """Time of the last change in nanoseconds, size in bytes, and the file's own number."""
    Look = Mapping[str, Mark]

GONE: Final = (-1, -1, -1)


class Tree:
    """The files that count as a project's own: those that git tracks or does not ignore; without git, all."""

    def __init__(self, root: str, environ: Mapping[str, str]) -> None:
        self._root = root
        self._environ = environ
        self._folders: dict[str, Mark] = {}
        self._files: tuple[str, ...] = ()

    def look(self) -> dict[str, Mark]:
        """Every file with its mark. Files are listed anew only after some folder has changed."""
        if not self._folders or any(_mark(path) != mark for path, mark in self._folders.items()):
            self._folders = {path: _mark(path) for path in self._walk()}
            self._files = Inputs(self._root, self._environ).names()
        return {path: _mark(os.path.join(self._root, path)) for path in self._files}

    def _walk(self) -> Iterator[str]:
        for folder, names, files in os.walk(self._root):
            # An environment by any name holds what an installer put there.
            names[:] = [name for name in names if name not in GENERATED] if "pyvenv.cfg" not in files else []
            yield folder


def differing(before: Look, after: Look) -> frozenset[str]:
    """Files that were changed, made or removed between two looks."""
    return frozenset(path for path in {*before, *after} if before.get(path, GONE) != after.get(path, GONE))


def touched(checks: Iterable[Check], changed: frozenset[str], config: str) -> tuple[str, ...]:
    """The names of the checks that a change touches, in their order.

    A check without `inputs` depends on every file; the configuration (a path relative to the root) touches all.
    """
    everything = config in changed
    return tuple(
        check.name
        for check in checks
        if everything
        or (changed and not check.inputs)
        or any(matches(path, check.inputs) for path in changed)
    )


def _mark(path: str) -> Mark:
    try:
        about = os.lstat(path)
    except OSError:
        # Gone, or not to be looked at: either way it is not what it was.
        return GONE
    return about.st_mtime_ns, about.st_size, about.st_ino
