"""A control group of the program's own, where one may be made: the kernel then counts all memory of the whole tree.

https://docs.kernel.org/admin-guide/cgroup-v2.html. It can be made beside the service's own group when that place has
been delegated with its memory controller, as in a systemd user session; elsewhere the watcher counts alone.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mini_agent.sandbox.inside.plan import Bounds

PREFIX = "mini-agent-"
CONTROLLER = "memory"
SPARE_BYTES = 48 << 20
"""The launcher's own processes in the group, and the kernel's memory for all of them."""
SPARE_TASKS = 8
SECONDS_TO_END = 1.0


def place(mounts: str = "/proc/self/mountinfo", own: str = "/proc/self/cgroup") -> str:
    """The folder in which a group with a memory limit can be made, or an empty string."""
    root, path = mount_point(mounts), own_path(own)
    if not root or not path:
        return ""
    here = os.path.normpath(root + path)
    beside = os.path.dirname(here) if path != "/" else here
    return next((one for one in (beside, here) if delegated(one)), "")


def mount_point(mounts: str) -> str:
    """Where version 2 is mounted (proc(5), mountinfo: the type stands behind a lone dash)."""
    for line in read(mounts).splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            return before.split()[4]
    return ""


def own_path(own: str) -> str:
    return next((line[3:] for line in read(own).splitlines() if line.startswith("0::")), "")


def delegated(folder: str) -> bool:
    controllers = read(os.path.join(folder, "cgroup.subtree_control")).split()
    return CONTROLLER in controllers and all(
        os.access(path, os.W_OK) for path in (folder, os.path.join(folder, "cgroup.procs"))
    )


def read(path: str) -> str:
    """The file's text; none where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def limits(bounds: Bounds) -> dict[str, str]:
    """What is written to a new group; swap would only hide the memory."""
    return {
        "memory.max": str(bounds["memory"] + SPARE_BYTES),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": str(bounds["processes"] + SPARE_TASKS),
    }


class Group:
    """One group, made at once. Raises OSError where that is refused."""

    def __init__(self, folder: str, written: dict[str, str]) -> None:
        clear(folder)
        self.path = os.path.join(folder, f"{PREFIX}{os.getpid()}")
        os.mkdir(self.path)
        for name, value in written.items():
            if os.path.exists(os.path.join(self.path, name)):
                self.write(name, value)

    def write(self, name: str, value: str) -> None:
        handle = os.open(os.path.join(self.path, name), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(handle, value.encode())
        finally:
            os.close(handle)

    def join(self) -> None:
        """Move the calling process in; its children are born there."""
        self.write("cgroup.procs", "0")

    def ran_out(self) -> bool:
        """Whether the kernel has killed for the memory limit."""
        events = dict(line.split() for line in read(os.path.join(self.path, "memory.events")).splitlines())
        return int(events.get("oom_kill", 0)) > 0

    def end(self) -> None:
        """Kill what is left and remove the group. Raises OSError when it does not go."""
        if os.path.exists(os.path.join(self.path, "cgroup.kill")):
            self.write("cgroup.kill", "1")
        until = time.monotonic() + SECONDS_TO_END
        while True:
            try:
                return os.rmdir(self.path)
            except OSError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.001)


def clear(folder: str) -> None:
    """Remove groups that a killed launcher has left; one that still holds a process stays."""
    for name in os.listdir(folder):
        if name.startswith(PREFIX):
            try:
                os.rmdir(os.path.join(folder, name))
            except OSError:
                continue
