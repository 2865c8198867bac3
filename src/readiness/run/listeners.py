"""Who listens on which TCP port, as seen from this process's network namespace."""

from __future__ import annotations

import os

from readiness.run import tree

_LISTEN = "0A"


def listening_ports() -> dict[int, set[str]]:
    """Socket inodes by listening port; empty where there is no /proc."""
    found: dict[int, set[str]] = {}
    for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = file.readlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == _LISTEN:
                found.setdefault(int(fields[1].rpartition(":")[2], 16), set()).add(fields[9])
    return found


def socket_inodes(pid: int) -> set[str]:
    """Inodes of the sockets that a process holds; empty when it is gone or not ours to look into."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return set()
    return {inode for name in names if (inode := _socket_inode(f"{folder}/{name}"))}


def _socket_inode(path: str) -> str:
    try:
        target = os.readlink(path)
    except OSError:
        # Closed between the listing and the look.
        return ""
    return target[8:-1] if target.startswith("socket:[") else ""


def ports_of_tree(root: int) -> set[int]:
    """Ports on which a descendant of `root` listens."""
    held: set[str] = set()
    for pid in tree.descendants(root):
        held |= socket_inodes(pid)
    return {port for port, inodes in listening_ports().items() if inodes & held}
