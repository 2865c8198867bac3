"""The last steps before the program: identity, limits, Landlock, seccomp, in the one order in which they work."""

from __future__ import annotations

import ctypes
import os
import resource

from mini_agent.sandbox.inside import kernel, landlock, seccomp, tree
from mini_agent.sandbox.inside import plan as words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mini_agent.sandbox.inside.plan import Bounds, Plan

CAPABILITY_VERSION_3 = 0x20080522
LAST_CAPABILITY = 63
CAP_SYS_PTRACE, CAP_SYS_ADMIN = 19, 21
NO_DUMP = 1
"""core(5): 0 would still feed a dump to a program that the host has set for it; 1 does not."""
SIGNALS_PENDING = 256
SHARED_COUNT_BEFORE = (5, 14)
"""Before Linux 5.14 RLIMIT_NPROC counts a user's processes over all user namespaces."""


def step_down(plan: Plan) -> None:
    """Root of a container, which may neither make namespaces nor look into another user's process, has nothing over
    the folder's owner: the launcher becomes that ordinary user at once, and everything then goes its ordinary way.
    """
    if os.geteuid() != 0 or words.IDENTITY not in plan["layers"] or holds(CAP_SYS_ADMIN, CAP_SYS_PTRACE):
        return
    owner = os.stat(plan["folder"])
    if owner.st_uid != 0:
        bar_capabilities()
        become(owner.st_uid, owner.st_gid)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def holds(*capabilities: int) -> bool:
    """Whether all of these are in effect (capget(2))."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    kernel.syscall("capget", kernel.CAPGET[kernel.machine()], ctypes.byref(header), ctypes.byref(sets))
    effective = sets[0] | sets[3] << 32
    return all(effective >> one & 1 for one in capabilities)


def become(uid: int, gid: int) -> None:
    """Give up root for good: the folder's owner, no groups. Does nothing for an ordinary user."""
    if os.geteuid() != 0 or uid == 0:
        return
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def bar_capabilities() -> None:
    """None can be gained by a later program. An ordinary user may not ask for this, and has none to bar."""
    for capability in range(LAST_CAPABILITY + 1):
        if kernel.libc.prctl(kernel.PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) != 0:
            break


def drop_capabilities() -> None:
    """None is held any more."""
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    kernel.syscall("capset", kernel.CAPSET[kernel.machine()], ctypes.byref(header), ctypes.byref(nothing))


def limit(bounds: Bounds, processes: int) -> None:
    """Limits of one process, and of the number of processes of its user."""
    for kind, most in (
        (resource.RLIMIT_AS, bounds["address_space"]),
        (resource.RLIMIT_FSIZE, bounds["file_size"]),
        (resource.RLIMIT_NOFILE, bounds["open_files"]),
        (resource.RLIMIT_CPU, bounds["cpu_seconds"]),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CORE, NO_DUMP),
        (resource.RLIMIT_SIGPENDING, SIGNALS_PENDING),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def process_limit(plan: Plan, uid: int) -> int:
    """RLIMIT_NPROC: what the plan allows, on top of what the user already runs where the kernel counts that too."""
    most = plan["bounds"]["processes"]
    own_count = plan["way"] != words.BARE and kernel_version() >= SHARED_COUNT_BEFORE
    if own_count or (os.geteuid() == 0 and uid != 0):
        return most
    return most + tree.tasks_of(os.geteuid())


def kernel_version() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int(minor[: len(minor) - len(minor.lstrip("0123456789"))])


def confine(plan: Plan, uid: int, gid: int, processes: int) -> None:
    """Everything that the plan's layers say, to this process and all its children. Raises OSError, naming the step."""
    layers = plan["layers"]
    if words.IDENTITY in layers:
        bar_capabilities()
        become(uid, gid)
        drop_capabilities()
    if words.RLIMITS in layers:
        limit(plan["bounds"], processes)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    version = min(landlock.abi(), plan["landlock_abi"])
    if words.LANDLOCK in layers:
        shared = () if plan["way"] == words.BARE else ("/dev/shm",)
        landlock.restrict(version, plan["readable"], plan["devices"], (plan["folder"], *shared))
    if words.SECCOMP in layers:
        bare = plan["way"] == words.BARE
        scoped = words.LANDLOCK in layers and version >= landlock.ABI_SCOPE
        seccomp.install(signals=bare and not scoped, metadata=bare)
