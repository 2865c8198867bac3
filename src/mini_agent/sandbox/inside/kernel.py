"""System calls that the standard library does not offer. Numbers and flags are those of Linux's uapi headers."""

from __future__ import annotations

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
AT_FDCWD = -100
AT_RECURSIVE = 0x8000

X86_64 = "x86_64"
AARCH64 = "aarch64"
PIVOT_ROOT = {X86_64: 155, AARCH64: 41}
SECCOMP = {X86_64: 317, AARCH64: 277}
CAPGET = {X86_64: 125, AARCH64: 90}
CAPSET = {X86_64: 126, AARCH64: 91}
MOUNT_SETATTR = 442
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446


def machine() -> str:
    """The processor's architecture as the kernel names it. Raises OSError for one whose numbers are not known here."""
    name = os.uname().machine
    if name not in (X86_64, AARCH64):
        raise OSError(0, f"no table of system calls for {name}")
    return name


def checked(name: str, result: int) -> int:
    """`result` of a C function, or OSError that names it."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *arguments: object) -> int:
    """Raises OSError with the call's name."""
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return checked(name, libc.syscall(ctypes.c_long(number), *words))


def prctl(option: int, value: int = 0) -> int:
    zero = ctypes.c_ulong(0)
    return checked(f"prctl({option})", libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def unshare(flags: int) -> None:
    checked("unshare", libc.unshare(flags))


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    words = [one.encode() if one else None for one in (source, target, kind)]
    checked(f"mount {target}", libc.mount(*words, ctypes.c_ulong(flags), data.encode() or None))


def unmount(target: str, flags: int) -> None:
    checked(f"umount {target}", libc.umount2(target.encode(), flags))


def pivot_root(new: str, old: str) -> None:
    syscall("pivot_root", PIVOT_ROOT[machine()], ctypes.c_char_p(new.encode()), ctypes.c_char_p(old.encode()))


def mount_attributes(path: str, attributes: int, flags: int = AT_RECURSIVE) -> None:
    """mount_setattr(2), Linux 5.12: adds attributes to a mount and, recursively, to those below it."""
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    syscall(
        f"mount_setattr {path}",
        MOUNT_SETATTR,
        AT_FDCWD,
        ctypes.c_char_p(path.encode()),
        flags,
        ctypes.byref(wanted),
        ctypes.sizeof(wanted),
    )
