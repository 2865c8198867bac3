"""What lies at a path, as a value that can be compared, shown and written back."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from readiness_probe.tracing.values import MISSING

if TYPE_CHECKING:
    from typing import Any, Optional

FILE, FOLDER, LINK, OTHER = "file", "folder", "link", "other"
KEPT = 1 << 18
"""Bytes of a file whose content is kept; a larger one is watched, and cannot be put back."""


class FileState:
    """`content` is None where it was not kept; of a link it is where it leads."""

    __slots__ = ("content", "kind", "mode", "size", "time")

    def __init__(self, kind: str, mode: int, size: int, time: int, content: Optional[bytes]) -> None:
        self.kind = kind
        self.mode = mode
        self.size = size
        self.time = time
        self.content = content

    @property
    def can_be_written(self) -> bool:
        return self.kind == FOLDER or (self.kind != OTHER and self.content is not None)


def read(path: str, *, keep: bool = True) -> Any:
    """What is there now; MISSING when nothing is, or it cannot be looked at."""
    try:
        found = os.lstat(path)
        kind = _kind(found.st_mode)
        size = found.st_size if kind == FILE else 0
        state = FileState(kind, stat.S_IMODE(found.st_mode), size, found.st_mtime_ns, None)
        if kind == LINK:
            state.content = os.fsencode(os.readlink(path))
    except OSError:
        return MISSING
    if kind == FILE and keep and size <= KEPT:
        # What may not be read may not be put back either.
        with contextlib.suppress(OSError):
            state.content = _content(path)
    return state


def same(one: Any, other: Any) -> bool:
    """Nothing that a program could tell apart, but for the time."""
    if one is other:
        return True
    if (
        one is MISSING
        or other is MISSING
        or (one.kind, one.mode, one.size) != (other.kind, other.mode, other.size)
    ):
        return False
    if one.content is None or other.content is None:
        return bool(one.kind != FILE or one.time == other.time)
    return bool(one.content == other.content)


def write(path: str, state: Any) -> None:
    """Make it so. A file is replaced as a whole, so that nothing half-written is ever to be seen.

    Raises OSError where that is not allowed, ValueError for a state whose content was not kept.
    """
    if state is not MISSING and not state.can_be_written:
        raise ValueError("its content was not kept")
    now = read(path, keep=False)
    if now is not MISSING and (state is MISSING or state.kind != now.kind or state.kind == LINK):
        remove(path)
    if state is MISSING:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if state.kind == LINK:
        os.symlink(os.fsdecode(state.content), path)
    elif state.kind == FOLDER:
        os.makedirs(path, exist_ok=True)
        os.chmod(path, state.mode)
    else:
        _write_file(path, state)


def remove(path: str) -> None:
    """The file, or the folder with all that is in it. Links are not followed."""
    if os.path.isdir(path) and not os.path.islink(path):
        for folder, folders, files in os.walk(path, topdown=False):
            for name in files:
                os.unlink(os.path.join(folder, name))
            for name in folders:
                _remove_folder(os.path.join(folder, name))
        os.rmdir(path)
    else:
        os.unlink(path)


def shown(state: Any) -> str:
    """For people: never what is in it."""
    if state is MISSING:
        return "absent"
    return f"{state.size} bytes" if state.kind == FILE else f"a {state.kind}"


def _remove_folder(path: str) -> None:
    if os.path.islink(path):
        os.unlink(path)
    else:
        os.rmdir(path)


def _write_file(path: str, state: FileState) -> None:
    aside = os.path.join(os.path.dirname(path), f".readiness-{os.getpid()}-{os.path.basename(path)}"[:200])
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        data = memoryview(state.content or b"")
        while data:
            data = data[os.write(descriptor, data) :]
        os.fchmod(descriptor, state.mode)
        os.utime(descriptor, ns=(state.time, state.time))
    finally:
        os.close(descriptor)
    os.replace(aside, path)


def _content(path: str) -> Optional[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        parts = []
        left = KEPT + 1
        while left > 0:
            part = os.read(descriptor, left)
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts) if left > 0 else None
    finally:
        os.close(descriptor)


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return FILE
    if stat.S_ISDIR(mode):
        return FOLDER
    return LINK if stat.S_ISLNK(mode) else OTHER
