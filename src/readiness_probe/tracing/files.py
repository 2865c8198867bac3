"""Files and folders, watched like any other state; which of them may be put back, and what a replay wrote to."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from readiness_probe.tracing import filestate
from readiness_probe.tracing.holders import Holder
from readiness_probe.tracing.values import MISSING

if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

    from readiness_probe.tracing.tree import Tree

TITLE = "files"


class FilesHolder(Holder):
    """What lies where, by absolute path. `ours` is False where other runs work in the same folder at the same time,
    which must not see a file come and go.

    The disk is one for all copies of a process. So nothing is put back in a copy: `disk.py` does that around each
    question, and takes it back.
    """

    def __init__(self, tree: Tree, *, ours: bool) -> None:
        super().__init__(TITLE, None)
        self.tree = tree
        self.ours = ours
        self.proved: Set[str] = set()
        self._folders: Set[str] = set()
        self._last: Tuple[str, Any, Any] = ("", None, MISSING)

    def now(self) -> Dict[Any, Any]:
        return dict(self.tree.states)

    def moved(self) -> bool:
        return bool(self.tree.refresh())

    def changes(self, before: Dict[Any, Any], after: Dict[Any, Any]) -> List[Tuple[Any, Any, Any]]:
        """What came, folders before what is in them; what went the other way round."""
        gone = sorted((path for path in before if path not in after), reverse=True)
        other = [path for path, state in after.items() if before.get(path, MISSING) is not state]
        chosen = [*gone, *(path for path in sorted(other) if not self._is_new_of_a_fixture(path, before))]
        found = [(path, before.get(path, MISSING), after.get(path, MISSING)) for path in chosen]
        for path, *states in found:
            if any(one is not MISSING and one.kind == filestate.FOLDER for one in states):
                self._folders.add(path)
        return found

    def _is_new_of_a_fixture(self, path: str, before: Dict[Any, Any]) -> bool:
        """In a folder that is new itself, of pytest's own: what is in there is how it began."""
        top = self.tree.own_top(path)
        return top not in ("", path) and top not in before

    def same(self, one: Any, other: Any) -> bool:
        return filestate.same(one, other)

    def get(self, name: Any) -> Any:
        """Read only where it was written to since the last time: this is asked after each line of a test."""
        mark = _mark(name)
        if self._last[:2] != (name, mark):
            self._last = (name, mark, filestate.read(name))
        return self._last[2]

    def put(self, name: Any, value: Any) -> None:
        """See the class."""

    def can_put(self, name: Any, value: Any) -> bool:
        """Inside of the project; elsewhere only what a test of ours was seen to write. What a fixture that is in
        force works in is no leak."""
        return self.can_move(name, value) and self.tree.own_top(name) != name

    def can_move(self, name: Any, value: Any) -> bool:
        """Whether the disk may be changed there for the time of a question."""
        if value is not MISSING and not value.can_be_written:
            return False
        if self.tree.own_top(name):
            return True
        return self.ours if self.tree.is_inside(name) else name in self.proved

    def encloses(self, name: Any, other: Any) -> bool:
        return str(other).startswith(name + os.sep)

    def is_quiet_name(self, name: Any) -> bool:
        return not self.tree.is_inside(name) and self.tree.own_top(name) in ("", name)

    def state(self, name: Any) -> str:
        return f"{'folder' if name in self._folders else 'file'} {self._called(name)}"

    def _called(self, path: str) -> str:
        if self.tree.own_top(path):
            return f"$BASETEMP{path[len(self.tree.own) :]}"
        if not self.tree.is_inside(path):
            for folder, short in zip(map(os.path.realpath, folders_of_user()), ("~", "$TMPDIR")):
                if path.startswith(folder + os.sep):
                    return short + path[len(folder) :]
        return os.path.relpath(path, self.tree.root)

    def shown(self, name: Any, value: Any) -> str:  # noqa: ARG002
        return filestate.shown(value)


def folders_of_user() -> Tuple[str, str]:
    """HOME and TMPDIR of this process."""
    home = os.environ.get("HOME", "")
    temporary = os.environ.get("TMPDIR") or "/tmp"
    return home, temporary


def _mark(path: str) -> Optional[Tuple[int, ...]]:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FIRST = frozenset({"os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "sqlite3.connect"})
_BOTH = frozenset({"os.rename", "os.link", "os.symlink"})


def note_writes() -> Set[str]:
    """Every path that this process writes to from now on. For copies alone: an audit hook stays for good."""
    found: Set[str] = set()

    def heard(event: str, arguments: Tuple[Any, ...]) -> None:
        if event == "open":
            chosen = arguments[:1] if _is_written(arguments[2:3]) else ()
        elif event in _FIRST:
            chosen = arguments[:1]
        elif event in _BOTH:
            chosen = arguments[:2]
        else:
            return
        # Of a path below a working folder that is gone nothing can be said; the test must not notice.
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found.update(
                os.path.realpath(os.fsdecode(one)) for one in chosen if isinstance(one, (str, bytes))
            )

    sys.addaudithook(heard)
    return found


def _is_written(flags: Tuple[Any, ...]) -> bool:
    return any(type(one) is int and bool(one & _WRITES) for one in flags)
