"""A private world: processes, network, IPC, host name and files of its own (namespaces(7), user_namespaces(7))."""

from __future__ import annotations

import os

from mini_agent.sandbox.inside import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mini_agent.sandbox.inside.plan import Plan

WORLD = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWCGROUP
)
OLD_ROOT = "/.outside"
SHARED_MEMORY = "/dev/shm"
SHARED_MEMORY_BYTES = 8 << 20
ROOT_BYTES = 1 << 20
MOUNT_POINTS = ("/tmp", "/var/tmp", "/run", "/mnt")


def enter() -> None:
    """Leave the host's namespaces; the next child is process 1 of the new one. Raises OSError where it is forbidden."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 and privileged():
        return
    kernel.unshare(kernel.CLONE_NEWUSER | WORLD)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{uid} {uid} 1")
    write("/proc/self/gid_map", f"{gid} {gid} 1")


def privileged() -> bool:
    """Whether root's own rights sufficed, so that no user namespace is needed (and root need not keep its number)."""
    try:
        kernel.unshare(WORLD)
    except PermissionError:
        return False
    return True


def write(path: str, text: str) -> None:
    """Raises OSError with the path, which a failing write alone does not name."""
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(handle, text.encode())
    except OSError as fault:
        raise OSError(fault.errno, f"{path}: {fault.strerror}") from fault
    finally:
        os.close(handle)


def build_root(plan: Plan) -> None:
    """Replace the file system by an empty one that holds what the plan names, read-only but for its folder."""
    kernel.mount("", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    base = next(path for path in MOUNT_POINTS if os.path.isdir(path))
    hard = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", base, "tmpfs", hard, f"size={ROOT_BYTES},mode=755")
    os.chdir(base)
    os.mkdir("." + OLD_ROOT)
    kernel.pivot_root(".", "." + OLD_ROOT)
    os.chdir("/")
    for path in plan["readable"]:
        bind(path, kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV)
    for path in plan["devices"]:
        bind(path, kernel.MOUNT_ATTR_NOSUID)
    bind(plan["folder"], kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV)
    for path, target in plan["links"]:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)
    os.makedirs(SHARED_MEMORY, exist_ok=True)
    kernel.mount("tmpfs", SHARED_MEMORY, "tmpfs", hard, f"size={SHARED_MEMORY_BYTES},nr_inodes=64,mode=1777")
    kernel.unmount(OLD_ROOT, kernel.MNT_DETACH)
    os.rmdir(OLD_ROOT)
    kernel.mount_attributes("/", kernel.MOUNT_ATTR_RDONLY, flags=0)


def bind(path: str, attributes: int) -> None:
    """Show one path of the outside at the same place inside; one that does not exist is left out."""
    outside = OLD_ROOT + path
    if not os.path.exists(outside):
        return
    if os.path.isdir(outside):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o444))
    kernel.mount(outside, path, "", kernel.MS_BIND | kernel.MS_REC)
    kernel.mount_attributes(path, attributes)
