"""The seccomp filter: a classic BPF program over (architecture, call, arguments), made from the tables of `syscalls`.

https://docs.kernel.org/userspace-api/seccomp_filter.html. A refused call returns EPERM, so that programs can say why;
a call of another architecture kills.
"""

from __future__ import annotations

import ctypes
import errno

from mini_agent.sandbox.inside import kernel, syscalls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Instruction: TypeAlias = tuple[int, int, int, int]
    Row: TypeAlias = syscalls.Row

LOAD, AND, RETURN = 0x20, 0x54, 0x06
JUMP_EQUAL, JUMP_GREATER, JUMP_GREATER_OR_EQUAL = 0x15, 0x25, 0x35

AT_NUMBER, AT_ARCHITECTURE, AT_ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data; an argument is 8 bytes, its low word first (both architectures are little-endian)."""

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
REFUSE = ERRNO | errno.EPERM
UNKNOWN = ERRNO | errno.ENOSYS

AUDIT_ARCHITECTURE = {kernel.X86_64: 0xC000003E, kernel.AARCH64: 0xC00000B7}
X32_BIT = 0x40000000
SET_MODE_FILTER = 1

AF_UNIX, SOCK_STREAM, SOCK_TYPE_MASK = 1, 1, 0xF
MAP_SHARED_ANONYMOUS = 0x21
SET_OWNER_OR_GROUP = 0o6000
O_CREAT_OR_TMPFILE = 0o100 | 0o20000000
MAP_HUGETLB = 0x40000
NEW_NAMESPACE = 0x7E020000
"""Every CLONE_NEW* flag of clone(2): cgroup, uts, ipc, user, pid, net, mount."""

F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETPIPE_SZ = 8, 10, 15, 1031
FIOSETOWN, SIOCSPGRP, TIOCSCTTY, TIOCSTI, TIOCLINUX = 0x8901, 0x8902, 0x540E, 0x5412, 0x541C
"""Commands that make the kernel signal another process, type into a terminal, or hold much memory in a pipe."""

ANY_BIT = 0xFFFFFFFF


def number(row: Row, machine: str) -> int | None:
    return row[1] if machine == kernel.X86_64 else row[2]


def program(machine: str, signals: bool, metadata: bool) -> list[Instruction]:
    """The filter for one architecture. `signals`, `metadata`: also refuse these groups."""
    made = list(head(machine))
    rows = syscalls.ALWAYS
    rows += syscalls.SIGNALS if signals else ()
    rows += syscalls.METADATA if metadata else ()
    for row in rows:
        made += on_call(number(row, machine), [(RETURN, 0, 0, REFUSE)])
    for row in (syscalls.CLONE3, syscalls.OPENAT2):
        made += on_call(number(row, machine), [(RETURN, 0, 0, UNKNOWN)])
    for row, argument, mask, value, equal in argument_rules():
        made += on_call(number(row, machine), on_argument(argument, mask, value, equal))
    for row, flags in syscalls.OPENING:
        made += on_call(number(row, machine), on_file_made(flags))
    return [*made, (RETURN, 0, 0, ALLOW)]


def head(machine: str) -> Iterable[Instruction]:
    yield LOAD, 0, 0, AT_ARCHITECTURE
    yield JUMP_EQUAL, 1, 0, AUDIT_ARCHITECTURE[machine]
    yield RETURN, 0, 0, KILL_PROCESS
    yield LOAD, 0, 0, AT_NUMBER
    if machine == kernel.X86_64:
        yield JUMP_GREATER_OR_EQUAL, 0, 1, X32_BIT
        yield RETURN, 0, 0, REFUSE
    yield JUMP_GREATER, 0, 1, syscalls.LAST_KNOWN
    yield RETURN, 0, 0, UNKNOWN


def argument_rules() -> Iterable[tuple[Row, int, int, int, bool]]:
    """(call, argument, mask, value, equal): refused when the masked argument equals the value, or when it does not."""
    yield syscalls.SOCKETPAIR, 0, ANY_BIT, AF_UNIX, False
    # A datagram pair can be pointed at any other socket by name; a stream pair cannot.
    yield syscalls.SOCKETPAIR, 1, SOCK_TYPE_MASK, SOCK_STREAM, False
    yield syscalls.MMAP, 3, MAP_SHARED_ANONYMOUS, MAP_SHARED_ANONYMOUS, True
    # Huge pages count towards no process's resident memory.
    yield syscalls.MMAP, 3, MAP_HUGETLB, MAP_HUGETLB, True
    yield syscalls.CLONE, 0, NEW_NAMESPACE, 0, False
    # Other modes take room on the disk beyond a file's size, which is all that a limit looks at.
    yield syscalls.FALLOCATE, 1, ANY_BIT, 0, False
    # A process that cannot be dumped hides its open files from the launcher.
    yield syscalls.PRCTL, 0, ANY_BIT, kernel.PR_SET_DUMPABLE, True
    for command in (F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETPIPE_SZ):
        yield syscalls.FCNTL, 1, ANY_BIT, command, True
    for command in (FIOSETOWN, SIOCSPGRP, TIOCSCTTY, TIOCSTI, TIOCLINUX):
        yield syscalls.IOCTL, 1, ANY_BIT, command, True
    for row in syscalls.OF_A_PROCESS_BY_NUMBER:
        yield row, 0, ANY_BIT, 0, False
    # A file that runs with its owner's rights would outlast the sandbox, for anybody on the machine to start.
    for row, argument in syscalls.WITH_A_MODE:
        yield row, argument, SET_OWNER_OR_GROUP, 0, False


def on_call(call: int | None, then: list[Instruction]) -> list[Instruction]:
    """`then`, when this is the call; the call's number is in the accumulator before and after."""
    return [] if call is None else [(JUMP_EQUAL, 0, len(then), call), *then]


def on_argument(argument: int, mask: int, value: int, equal: bool) -> list[Instruction]:
    compared: Instruction = (JUMP_EQUAL, 0, 1, value) if equal else (JUMP_EQUAL, 1, 0, value)
    return [
        (LOAD, 0, 0, AT_ARGUMENTS + 8 * argument),
        (AND, 0, 0, mask),
        compared,
        (RETURN, 0, 0, REFUSE),
        (LOAD, 0, 0, AT_NUMBER),
    ]


def on_file_made(flags: int) -> list[Instruction]:
    """The mode behind these flags is refused its special bits, when it has a meaning."""
    judged = on_argument(flags + 1, SET_OWNER_OR_GROUP, 0, equal=False)
    return [
        (LOAD, 0, 0, AT_ARGUMENTS + 8 * flags),
        (AND, 0, 0, O_CREAT_OR_TMPFILE),
        (JUMP_EQUAL, len(judged) - 1, 0, 0),
        *judged,
    ]


def encode(instructions: list[Instruction]) -> bytes:
    """struct sock_filter[]: u16 code, u8 jump if true, u8 jump if false, u32 constant."""
    return b"".join(
        code.to_bytes(2, "little") + bytes((yes, no)) + constant.to_bytes(4, "little")
        for code, yes, no, constant in instructions
    )


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(signals: bool, metadata: bool) -> None:
    """Confine this process and all its children for ever. Raises OSError."""
    machine = kernel.machine()
    code = encode(program(machine, signals, metadata))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    fprog = Program(len(code) // 8, code)
    kernel.syscall("seccomp", kernel.SECCOMP[machine], SET_MODE_FILTER, 0, ctypes.byref(fprog))
