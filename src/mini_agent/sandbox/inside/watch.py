"""What no kernel limit counts for a tree without a cgroup: memory of all together, processes, the folder's size."""

from __future__ import annotations

import os
import stat
import time

from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.inside import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mini_agent.sandbox.inside.plan import Plan

PAGE = os.sysconf("SC_PAGE_SIZE")
BLOCK = 512
SECONDS_BETWEEN_FOLDERS = 0.1
TOO_MUCH = 1 << 62
BUBBLEWRAPS_OWN = 3
"""The keeper, bwrap, and bwrap's first process inside, the nearest to the root; they hide themselves."""
SPARE_PROCESSES = 4
"""The launcher's own two, and a thread that dies while it is counted."""


class Watcher:
    """Looks at a tree again and again. `look` gives why it must be stopped, or an empty string."""

    def __init__(self, plan: Plan) -> None:
        self.bounds = plan["bounds"]
        self.folder = plan["folder"]
        self.next_folder = 0.0
        self.not_looked_at = BUBBLEWRAPS_OWN if plan["way"] == words.BUBBLEWRAP else 0

    def look(self, root: int) -> str:
        pids = tree.descendants(root)
        if len(pids) > self.bounds["processes"] + SPARE_PROCESSES:
            return "processes"
        if self.too_much_memory(pids):
            return "memory"
        now = time.monotonic()
        if now >= self.next_folder:
            used, files = folder_use(self.folder, self.bounds["folder_files"])
            self.next_folder = now + SECONDS_BETWEEN_FOLDERS
            used += deleted_bytes(pids[self.not_looked_at :])
            if used > self.bounds["folder_bytes"] or files > self.bounds["folder_files"]:
                return "disk"
        return ""

    def too_much_memory(self, pids: list[int]) -> bool:
        """The cheap sum counts what forked processes share once for each; only when it is over, the exact one is taken."""
        most = self.bounds["memory"]
        return sum(map(own_bytes, pids)) > most and sum(map(fair_bytes, pids)) > most


def own_bytes(pid: int) -> int:
    """Resident bytes that no file backs (proc(5), statm)."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            _, resident, shared, *_ = map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return (resident - shared) * PAGE


def address_space(pid: int) -> int:
    """Pages of address space; none once a process is dead but not yet collected."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def fair_bytes(pid: int) -> int:
    """Resident bytes, a page shared by n processes counted as 1/n (smaps_rollup, Pss of memory that no file backs)."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            lines = [line.split() for line in file]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except PermissionError:
        return own_bytes(pid)
    sizes = {line[0]: int(line[1]) * 1024 for line in lines if line[-1] == b"kB"}
    return sizes.get(b"Pss_Anon:", 0) + sizes.get(b"Pss_Shmem:", 0)


def folder_use(folder: str, enough: int) -> tuple[int, int]:
    """Bytes on disk and number of entries below a folder; stops counting once `enough` entries are passed."""
    used = files = 0
    for entry in entries(folder):
        files += 1
        try:
            used += entry.stat(follow_symlinks=False).st_blocks * BLOCK
        except FileNotFoundError:
            continue
        if files > enough:
            break
    return used, files


def entries(folder: str) -> Iterator[os.DirEntry[str]]:
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except (FileNotFoundError, PermissionError, NotADirectoryError):
            continue


def deleted_bytes(pids: list[int]) -> int:
    """Bytes of files that have no name any more but that a process holds open or mapped; each file once.

    One that does not let itself be looked at, as a program without read permission, counts as holding too much.
    """
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        try:
            for file, used in (*open_without_name(pid), *mapped_without_name(pid)):
                found[file] = max(used, found.get(file, 0))
        except (FileNotFoundError, ProcessLookupError):
            continue
        except PermissionError:
            if address_space(pid):
                return TOO_MUCH
    return sum(found.values())


def open_without_name(pid: int) -> Iterator[tuple[tuple[int, int], int]]:
    """((device, inode), bytes) of each."""
    for handle in os.listdir(f"/proc/{pid}/fd"):
        try:
            known = os.stat(f"/proc/{pid}/fd/{handle}")
        except FileNotFoundError:
            continue
        if stat.S_ISREG(known.st_mode) and known.st_nlink == 0:
            yield (known.st_dev, known.st_ino), known.st_blocks * BLOCK


def mapped_without_name(pid: int) -> Iterator[tuple[tuple[int, int], int]]:
    """As above, from proc(5)'s maps: the mapping's length, because the file itself cannot be asked any more."""
    with open(f"/proc/{pid}/maps", "rb") as file:
        for line in file:
            if line.endswith(b"(deleted)\n"):
                addresses, _, offset, device, inode, *_ = line.split()
                start, end = (int(one, 16) for one in addresses.split(b"-"))
                major, minor = (int(one, 16) for one in device.split(b":"))
                yield (os.makedev(major, minor), int(inode)), int(offset, 16) + end - start
