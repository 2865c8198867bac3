"""What was written below some folders since the last look, as the kernel tells it (inotify, Linux).

A look at which nothing was written costs 2 µs, whatever the size of the tree. Programs that the tests start and
compiled libraries are seen too; who wrote is not told.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Set, Tuple

_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = (
    0x2,
    0x4,
    0x8,
    0x40,
    0x80,
    0x100,
    0x200,
)
_WRITTEN = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_COME_OR_GONE = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_IS_FOLDER, _OVERFLOW, _ONLY_FOLDERS = 0x40000000, 0x4000, 0x01000000
_HEAD = struct.Struct("iIII")
_HIGH = 600
"""Above the descriptors that programs count, compare or close by number."""
_CHUNK = 1 << 16


class Notices:
    """`drain` answers with the paths that were written to. Without inotify there is nothing to say: `works` is False."""

    def __init__(self) -> None:
        self._calls = _libc()
        self._descriptor = -1 if self._calls is None else _opened(self._calls)
        self._folders: Dict[int, str] = {}
        self._identity = os.fstat(self._descriptor)[1:3] if self.works else None
        self._process = os.getpid()

    @property
    def works(self) -> bool:
        return self._descriptor >= 0

    def add(self, folder: str) -> bool:
        """Watch what lies directly in `folder`; False where the kernel does not let us."""
        if not self.works:
            return False
        number = self._calls.inotify_add_watch(
            self._descriptor, os.fsencode(folder), _WRITTEN | _ONLY_FOLDERS
        )
        if number >= 0:
            self._folders[number] = folder
        return bool(number >= 0)

    def drain(self) -> Tuple[Set[str], Set[str], bool]:
        """Paths that were written, those of them that are folders which came or went, and whether some were lost."""
        written: Set[str] = set()
        folders: Set[str] = set()
        lost = False
        for number, mask, name in self._events():
            lost = lost or bool(mask & _OVERFLOW)
            if number in self._folders and name:
                path = os.path.join(self._folders[number], name)
                written.add(path)
                if mask & _IS_FOLDER and mask & _COME_OR_GONE:
                    folders.add(path)
        return written, folders, lost

    def _events(self) -> Iterator[Tuple[int, int, str]]:
        while self._is_ours():
            try:
                data = os.read(self._descriptor, _CHUNK)
            except BlockingIOError:
                return
            at = 0
            while at < len(data):
                number, mask, _, size = _HEAD.unpack_from(data, at)
                at += _HEAD.size + size
                yield number, mask, os.fsdecode(data[at - size : at].rstrip(b"\0"))

    def _is_ours(self) -> bool:
        """A test may close every descriptor, and the number be another file's by now. Copies must not take ours away."""
        if not self.works or os.getpid() != self._process:
            return False
        try:
            if os.fstat(self._descriptor)[1:3] == self._identity:
                return True
        except OSError:
            pass  # Closed: said below, for good.
        self._descriptor = -1
        return False

    def close(self) -> None:
        if self._is_ours():
            os.close(self._descriptor)
        self._descriptor = -1


def _libc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        return library if hasattr(library, "inotify_init1") else None
    except (ImportError, OSError):
        return None


def _opened(calls: Any) -> int:
    import fcntl

    low = calls.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if low < 0:
        return -1
    try:
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:
        # The limit on open files is lower than that.
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(low)
