"""The folders whose files are watched: the project's as a whole, of HOME and TMPDIR what comes or goes at the top."""

from __future__ import annotations

import collections
import os
from typing import TYPE_CHECKING

from readiness_probe.clock import clock
from readiness_probe.tracing import filestate
from readiness_probe.tracing.notices import Notices
from readiness_probe.tracing.values import MISSING

if TYPE_CHECKING:
    from typing import Any, Deque, Dict, Iterator, List, Tuple

FOLDERS = 1500
FILES = 20_000
KEPT_BYTES = 32 << 20
KEPT_SECONDS = 0.06
"""Of CPU, for reading what is in the files before the first test. What does not fit in is watched, and cannot be put back."""

_CLOCK = 0.02
"""Seconds by which the clock of a file system may be behind."""
_OF_TOOLS = frozenset(
    {
        *(
            ".git",
            ".hg",
            ".svn",
            ".tox",
            ".nox",
            ".venv",
            "venv",
            "node_modules",
            "__pycache__",
            ".readiness",
        ),
        *(
            ".pytest_cache",
            ".mypy_cache",
            ".ruff_cache",
            ".hypothesis",
            "htmlcov",
            ".eggs",
            ".idea",
            ".vscode",
        ),
    }
)
_LIKE_TOOLS = (".coverage", "pytest-of-", ".readiness-", "readiness-")
_OF_ONE_TEST = "test"
"""How the names of the folders begin that `tmp_path` is: after the test, which alone has it."""
_LOCK = ".lock"
"""While it lies in a session's own folder, no other pytest removes that: it must not be moved aside for a moment."""
_BELOW_HOME = ("", ".config", ".cache", os.path.join(".local", "share"))


def project_of(root: str, home: str) -> str:
    """The project's folder: pytest's root, or the folder that pytest was started in where that holds it. Without a
    file of settings pytest takes the tests' own folder for its root."""
    here, below = os.path.realpath(os.getcwd()), os.path.join(os.path.realpath(root), "")
    holds_home = os.path.join(os.path.realpath(home), "").startswith(os.path.join(here, ""))
    return here if below.startswith(os.path.join(here, "")) and not holds_home else root


class Tree:
    """`root` is the project's folder; `is_watched` is False where it cannot be. `states` is what lay where at the last `refresh`, by absolute path."""

    def __init__(self, root: str, home: str, temporary: str) -> None:
        outside = [os.path.realpath(one) for one in (home, temporary) if one]
        self.root = os.path.realpath(root)
        self.states: Dict[str, Any] = {}
        self.notices = Notices()
        self._folders = 0
        self._left = KEPT_BYTES
        self._began = clock.time() - _CLOCK
        self.own = ""
        self._taken_in = False
        # A project's folder that holds the home of its user is not one that we may put back.
        self.is_watched = self.notices.works and not any(map(self._holds, outside))
        if self.is_watched:
            self._read(list(self._walk(self.root)))
        for folder in [*(os.path.join(outside[0], part) for part in _BELOW_HOME), *outside[1:]]:
            if os.path.isdir(folder) and not self.is_inside(folder):
                self.notices.add(os.path.normpath(folder))

    def _holds(self, folder: str) -> bool:
        below = os.path.join(folder, "").startswith(os.path.join(self.root, ""))
        return below and not self._is_skipped(folder)

    def is_inside(self, path: str) -> bool:
        """Whether it lies in the project."""
        return self.is_watched and (path == self.root or path.startswith(self.root + os.sep))

    def take_in(self, folder: str) -> None:
        """Watch the folder that pytest makes for this one session: what lies there is ours alone."""
        self.own = os.path.realpath(folder)
        self._read(list(self._walk(self.own)))
        self._taken_in = True

    def own_top(self, path: str) -> str:
        """The folder directly below `own` that `path` is or lies in; empty where it does not lie there."""
        if not self.own or not path.startswith(self.own + os.sep):
            return ""
        return os.path.join(self.own, path[len(self.own) + 1 :].partition(os.sep)[0])

    def written(self) -> List[str]:
        """Paths that were written to since the last call, in order."""
        paths, folders, lost = self.notices.drain()
        if lost:
            self._folders = 0
            paths |= set(self.states) | {path for path, _ in self._walk(self.root)}
        for folder in folders:
            if not self._is_skipped(folder):
                paths |= {path for path in self.states if path.startswith(folder + os.sep)}
                paths |= {path for path, _ in self._walk(folder)}
        return sorted(path for path in paths if not self._is_skipped(path))

    def refresh(self) -> List[str]:
        """Look at what was written; the paths at which something else lies than before."""
        changed = [self.own] if self._taken_in else []
        self._taken_in = False
        for path in self.written():
            known = path in self.states
            is_ours = known or self.is_inside(path) or bool(self.own_top(path))
            if not is_ours and not self._is_new_outside(path):
                continue
            state = filestate.read(path)
            before = self.states.get(path, MISSING)
            if filestate.same(before, state):
                continue
            changed.append(path)
            if state is MISSING:
                del self.states[path]
            else:
                self.states[path] = state
        return changed

    def _is_new_outside(self, path: str) -> bool:
        """Something of ours that was made since: what was there before belongs to others, and is left alone."""
        try:
            found = os.lstat(path)
        except OSError:
            return False
        return found.st_uid == os.getuid() and found.st_ctime >= self._began

    def _walk(self, top: str) -> Iterator[Tuple[str, os.DirEntry[str]]]:
        """Everything below a folder, which is watched from then on; breadth first, within the limits."""
        waiting: Deque[str] = collections.deque([top])
        while waiting and self._folders < FOLDERS:
            folder = waiting.popleft()
            if not self.notices.add(folder):
                continue
            self._folders += 1
            for entry in _entries(folder):
                if self._is_skipped(entry.path):
                    continue
                yield entry.path, entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)

    def _read(self, found: List[Tuple[str, os.DirEntry[str]]]) -> None:
        """Data before source code: tests change that rather."""
        ends = clock.thread_time() + KEPT_SECONDS
        for path, _ in sorted(found[:FILES], key=lambda one: one[0].endswith((".py", ".so"))):
            keep = self._left > 0 and clock.thread_time() < ends
            state = filestate.read(path, keep=keep)
            if state is not MISSING:
                self.states[path] = state
                self._left -= len(state.content or b"")

    def _is_skipped(self, path: str) -> bool:
        if self.own and path.startswith(self.own + os.sep):
            shown = path[len(self.own) + 1 :]
            if shown.startswith(_OF_ONE_TEST) or shown == _LOCK:
                return True
        else:
            shown = path[len(self.root) :] if path.startswith(self.root + os.sep) else os.path.basename(path)
        return any(map(_is_of_tools, shown.split(os.sep)))


def _entries(folder: str) -> List[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _is_of_tools(name: str) -> bool:
    return name in _OF_TOOLS or name.startswith(_LIKE_TOOLS) or name.endswith((".pyc", ".pyo"))
