"""Landlock: which files a process and all its children may touch, where they may connect, whom they may signal.

https://docs.kernel.org/userspace-api/landlock.html; each ABI version adds rights, unknown ones must not be asked for.
"""

from __future__ import annotations

import ctypes
import os

from mini_agent.sandbox.inside import kernel

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << n for n in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
CONNECT_BIND_TCP = 0b11
SCOPE_ABSTRACT_AND_SIGNAL = 0b11

ABI_OF_FIRST_RIGHTS = (1 << 13) - 1
ABI_REFER, ABI_TRUNCATE, ABI_TCP, ABI_IOCTL, ABI_SCOPE = 2, 3, 4, 5, 6

OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
TO_READ = EXECUTE | READ_FILE | READ_DIR
TO_USE_A_DEVICE = READ_FILE | WRITE_FILE | TRUNCATE
TO_OWN = (
    TO_READ
    | WRITE_FILE
    | REMOVE_DIR
    | REMOVE_FILE
    | MAKE_DIR
    | MAKE_REG
    | MAKE_FIFO
    | MAKE_SYM
    | REFER
    | TRUNCATE
)

VERSION_FLAG = 1
RULE_PATH_BENEATH = 1


def abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    try:
        return kernel.syscall("landlock", kernel.LANDLOCK_CREATE_RULESET, None, 0, VERSION_FLAG)
    except OSError:
        return 0


def handled(version: int) -> tuple[int, int, int]:
    """Everything that this version can forbid: on files, on the network, across its boundary."""
    files = ABI_OF_FIRST_RIGHTS
    files |= REFER if version >= ABI_REFER else 0
    files |= TRUNCATE if version >= ABI_TRUNCATE else 0
    files |= IOCTL_DEV if version >= ABI_IOCTL else 0
    network = CONNECT_BIND_TCP if version >= ABI_TCP else 0
    scope = SCOPE_ABSTRACT_AND_SIGNAL if version >= ABI_SCOPE else 0
    return files, network, scope


def restrict(
    version: int, readable: tuple[str, ...], devices: tuple[str, ...], owned: tuple[str, ...]
) -> None:
    """From here on this process reads `readable`, uses `devices`, changes what is in `owned`, and nothing else.

    `version` is at most the kernel's. Raises OSError."""
    if not version:
        raise OSError(0, "the kernel has no Landlock")
    files, network, scope = handled(version)
    rights = (ctypes.c_uint64 * 3)(files, network, scope)
    size = 8 if version < ABI_TCP else 16 if version < ABI_SCOPE else 24
    rules = kernel.syscall(
        "landlock_create_ruleset", kernel.LANDLOCK_CREATE_RULESET, ctypes.byref(rights), size, 0
    )
    for paths, wanted in ((readable, TO_READ), (devices, TO_USE_A_DEVICE), (owned, TO_OWN)):
        for path in paths:
            allow(rules, path, wanted & files)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.syscall("landlock_restrict_self", kernel.LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)


def allow(rules: int, path: str, rights: int) -> None:
    """Add one rule. A path that does not exist needs none."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        wanted = rights if os.path.isdir(path) else rights & OF_A_FILE
        rule = wanted.to_bytes(8, "little") + handle.to_bytes(4, "little")
        kernel.syscall(
            f"landlock_add_rule {path}",
            kernel.LANDLOCK_ADD_RULE,
            rules,
            RULE_PATH_BENEATH,
            ctypes.c_char_p(rule),
            0,
        )
    finally:
        os.close(handle)
