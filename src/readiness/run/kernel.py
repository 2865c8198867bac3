"""The few Linux calls that Python 3.11 does not offer: subreaper, namespaces, loopback up.

Everywhere else these raise OSError or answer False, and the caller says what is missing.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
_PR_SET_CHILD_SUBREAPER = 36
_AF_INET, _SOCK_DGRAM = 2, 2
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1

IS_LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True) if IS_LINUX else None


def become_subreaper() -> bool:
    """Make orphans among this process's descendants its own children (prctl(2)). False where there is no such thing."""
    if _libc is None:
        return False
    return bool(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def enter_new_network() -> None:
    """Move this process into a network namespace of its own that holds nothing but loopback.

    As root by a network namespace alone, otherwise inside a user namespace that maps the own user to itself.
    Raises OSError when the kernel or its policy refuses.
    """
    if _libc is None:
        raise OSError("network namespaces exist on Linux only")
    if os.geteuid() != 0 or _libc.unshare(CLONE_NEWNET) != 0:
        user, group = os.geteuid(), os.getegid()
        _call("unshare", _libc.unshare(CLONE_NEWUSER | CLONE_NEWNET))
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _raise_loopback()


def join_namespaces(descriptors: tuple[int, ...]) -> None:
    """Enter the namespaces behind open descriptors of /proc/PID/ns files, in the given order."""
    if _libc is None:
        raise OSError("namespaces exist on Linux only")
    for descriptor in descriptors:
        _call("setns", _libc.setns(descriptor, 0))


def _raise_loopback() -> None:
    assert _libc is not None
    sock = _libc.socket(_AF_INET, _SOCK_DGRAM, 0)
    _call("socket", sock)
    try:
        request = ctypes.create_string_buffer(struct.pack("16sh22x", b"lo", 0), 40)
        _call("ioctl", _libc.ioctl(sock, _SIOCGIFFLAGS, request))
        flags = struct.unpack_from("h", request, 16)[0] | _IFF_UP
        struct.pack_into("h", request, 16, flags)
        _call("ioctl", _libc.ioctl(sock, _SIOCSIFFLAGS, request))
    finally:
        os.close(sock)


def _call(name: str, result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
