"""What belongs to the process as a whole: threads, children, sockets, callbacks at its end, the time zone.

A thread, a child or a socket cannot be put back. It is named as what it is, and the proof is made another way.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING

from readiness_probe.tracing.values import MISSING, module_names

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Tuple

_LISTENING = "0A"
_STDERR = 2
_GAP = 8
_UNKNOWN = "a socket"
_FIELDS = 10
"""Of a line of /proc/net/tcp: the tenth is the inode."""


def threads() -> Any:
    """Identity and name of each."""
    found = threading._active.copy()  # type: ignore[attr-defined]
    return tuple(sorted((number, _name_of(thread)) for number, thread in found.items()))


def _name_of(thread: Any) -> str:
    name = getattr(thread, "__dict__", {}).get("_name")
    return name if type(name) is str else "?"


def words_of_threads(found: Any) -> str:
    main = threading.main_thread().ident
    return ", ".join(name for number, name in found if number != main) or "none but the main one"


class Children:
    """The children of this process by number, those that ended and were not waited for too."""

    def __init__(self) -> None:
        self._names: Dict[int, str] = {}

    def read(self) -> Any:
        if not hasattr(os, "waitid"):
            return MISSING
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return ()
        found = dict(_children())
        self._names.update(found)
        return tuple(sorted(found))

    def words(self, found: Any) -> str:
        return ", ".join(self._names.get(number, "?") for number in found) or "none"


def _children() -> Iterator[Tuple[int, str]]:
    try:
        for task in os.listdir("/proc/self/task"):
            for word in _read(f"/proc/self/task/{task}/children").split():
                yield int(word), _read(f"/proc/{word}/comm").strip() or "?"
    except OSError:
        # The system does not say.
        return


class Sockets:
    """Inode of each open socket, and what it is there for: looked up when it is met first."""

    def __init__(self) -> None:
        self._known: Dict[int, str] = {}
        self._free = -1
        self._last: Tuple[Any, ...] = ()

    def read(self) -> Any:
        if "_socket" not in sys.modules:
            return ()
        free = _lowest_free()
        if free == self._free and free >= 0:
            return self._last
        self._free = free
        inodes = sorted(_inodes_of_sockets())
        if any(one not in self._known for one in inodes):
            uses = _uses()
            self._known = {one: self._known.get(one) or uses.get(one, _UNKNOWN) for one in inodes}
        self._last = tuple((one, self._known[one]) for one in inodes)
        return self._last

    def words(self, found: Any) -> str:
        return ", ".join(use for _, use in found) or "none"


def is_listening(value: Any) -> bool:
    """Of what `Sockets.read` answers."""
    return value is not MISSING and any(use.startswith("listening") for _, use in value)


def _lowest_free() -> int:
    """The next descriptor that would be given out: while it is the same, nothing was left open, or closed, below it."""
    try:
        number = os.dup(_STDERR)
        os.close(number)
    except OSError:
        return -1
    return number


def _inodes_of_sockets() -> Iterator[int]:
    """The kernel gives out the lowest descriptor that is free: behind a gap there is none. A listing of /proc costs more."""
    number = misses = 0
    while misses < _GAP:
        try:
            found = os.fstat(number)
            misses = 0
            if stat.S_ISSOCK(found.st_mode):
                yield found.st_ino
        except OSError:
            misses += 1
        number += 1


def _uses() -> Dict[int, str]:
    """By inode, of the TCP sockets of this machine."""
    found: Dict[int, str] = {}
    for table in ("tcp", "tcp6"):
        for line in _read(f"/proc/self/net/{table}").splitlines()[1:]:
            fields = line.split()
            if len(fields) >= _FIELDS:
                port = int(fields[1].rpartition(":")[2], 16)
                use = f"listening on port {port}" if fields[3] == _LISTENING else "a connection"
                found[int(fields[9])] = use
    return found


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def exit_callbacks() -> Any:
    """How many functions `atexit` is to call."""
    count = _of_atexit("_ncallbacks")
    return MISSING if count is None else count()


def set_exit_callbacks(number: Any) -> None:
    """As many as there were: in a copy of a process none of them is ever called."""
    _of_atexit("_clear")()
    for _ in range(number):
        _of_atexit("register")(_nothing)


def _of_atexit(name: str) -> Any:
    module = sys.modules.get("atexit")
    return None if module is None else module_names(module).get(name)


def _nothing() -> None:
    """Stands for a function whose work is not wanted."""


def time_zone() -> Any:
    """As the C library last heard of it: TZ alone does not tell."""
    return time.timezone, time.altzone, time.daylight, time.tzname


def set_time_zone(_: Any) -> None:
    """TZ is put back by itself; this has it read."""
    time.tzset()


def words_of_time_zone(value: Any) -> str:
    return "/".join(dict.fromkeys(value[3]))
