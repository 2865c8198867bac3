"""Keeping the network out of a pytest process on machines without network namespaces.

An audit hook (PEP 578) sees every connection that goes through Python's `socket`, cannot be patched away, and
blocks by raising. Compiled libraries that call the system directly are beyond it. What it raises is what a
namespace without a network would give, so a test behaves alike under both.
"""

from __future__ import annotations

import _socket
import errno
import os
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Set, Tuple

_LOCAL_FAMILIES = tuple(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)
)
_CONNECTING = ("socket.connect", "socket.sendto", "socket.sendmsg")
_RESOLVING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_ROLL_CALL = "readiness_probe.guard"


class NetworkDenied(OSError):
    """This check has no network: the connection was refused by the gate's socket guard."""


class NameDenied(NetworkDenied, socket.gaierror):
    """This check has no network: the name was not looked up."""


class Guard:
    """One audit hook a process. It cannot be removed, so it is switched off instead."""

    def __init__(self) -> None:
        self.on = False
        self.blocked: Optional[Callable[[str, str], None]] = None
        """Called with what was tried (`connect`, `getaddrinfo`) and the host, before it is refused."""
        self._installed = False
        self._answered = False
        self._local_names = _local_names()

    def switch_on(self) -> bool:
        """True when the hook is in force; an older audit hook can forbid new ones without a word."""
        if not self._installed:
            sys.addaudithook(self._hook)
            self._installed = True
        self.on = True
        self._answered = False
        sys.audit(_ROLL_CALL)
        return self._answered

    def switch_off(self) -> None:
        self.on = False

    def _hook(self, event: str, arguments: Tuple[Any, ...]) -> None:
        if not event.startswith(("socket.", _ROLL_CALL)) or not self.on:
            return
        if event in _CONNECTING:
            self._connecting(event, arguments[0], arguments[1])
        elif event in _RESOLVING:
            self._resolving(event, arguments[0])
        elif event == _ROLL_CALL:
            self._answered = True

    def _connecting(self, event: str, connection: Any, address: Any) -> None:
        if address is None or _family(connection) in _LOCAL_FAMILIES:
            return
        host = _text(address[0]) if isinstance(address, tuple) and address else repr(address)
        if not self._is_local(host):
            self._refuse(NetworkDenied, errno.ENETUNREACH, event, host)

    def _resolving(self, event: str, asked: Any) -> None:
        host = _text(asked)
        reverse = event == "socket.gethostbyaddr" and not self._is_local(host)
        if reverse or (packed(host) is None and not self._is_local(host)):
            self._refuse(NameDenied, socket.EAI_AGAIN, event, host)

    def _refuse(self, kind: type, number: int, event: str, host: str) -> None:
        what = event.partition(".")[2]
        if self.blocked is not None:
            self.blocked(what, host)
        raise kind(number, f"no network in this check: the gate's socket guard refused {what} to {host!r}")

    def _is_local(self, host: str) -> bool:
        return host.lower() in self._local_names or is_loopback(packed(host))


def _family(connection: Any) -> int:
    """As the C type has it: a subclass may say of itself what it likes."""
    family: int = vars(_socket.socket)["family"].__get__(connection)
    return family


def packed(host: str) -> Optional[bytes]:
    """A numeric address as bytes (4 or 16); None for a name."""
    try:
        return socket.inet_aton(host)
    except (OSError, ValueError):
        pass
    try:
        return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    except (OSError, ValueError):
        return None


def is_loopback(address: Optional[bytes]) -> bool:
    """True for 127/8, ::1, the same mapped into IPv6, and the unspecified address: all mean this machine."""
    if address is None:
        return False
    if len(address) == 16 and address[:12] == b"\0" * 10 + b"\xff\xff":
        address = address[12:]
    if len(address) == 4:
        return address[0] == 127 or address == b"\0" * 4
    return int.from_bytes(address, "big") <= 1


def _text(host: Any) -> str:
    if isinstance(host, (bytes, bytearray)):
        return bytes(host).decode("ascii", "replace")
    return "" if host is None else str(host)


def _local_names() -> Set[str]:
    """Names that resolve without a network: localhost, this machine, and those of the hosts file."""
    own = os.uname().nodename.lower() if hasattr(os, "uname") else ""
    names = {"", "localhost", "localhost.localdomain", own, own.partition(".")[0]}
    try:
        with open("/etc/hosts", encoding="utf-8", errors="replace") as file:
            for line in file:
                names.update(word.lower() for word in line.partition("#")[0].split()[1:])
    except OSError:
        return names
    return names


GUARD = Guard()
"""The one of this process."""
