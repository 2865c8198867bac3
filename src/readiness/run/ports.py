"""Ports for the services of a run."""

from __future__ import annotations

import os
import socket

FIRST, LAST = 20000, 32000
"""Below the range from which the kernel hands out ports to outgoing connections."""


class Ports:
    """Hands out ports so that no two services of a run are given the same one.

    A port can still be lost to a stranger between this look and the service's own bind; the caller sees that
    when the listener turns out not to be the service, and asks for another.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._next = FIRST + int.from_bytes(os.urandom(2), "big") % (LAST - FIRST)

    def hand_out(self) -> int:
        """A port that nothing on this host's loopback holds now. Raises OSError when there is none."""
        for _ in range(LAST - FIRST):
            self._next = FIRST + (self._next + 1 - FIRST) % (LAST - FIRST)
            if self._next not in self._taken and is_free(self._next):
                self._taken.add(self._next)
                return self._next
        raise OSError(f"no free port between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Whether a service could bind the port on this host's loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
