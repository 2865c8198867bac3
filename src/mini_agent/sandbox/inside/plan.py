"""What the service tells the launcher, as plain values that `marshal` carries between two copies of one interpreter."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Bounds(TypedDict):
        """Bytes, seconds, counts. `memory` and `processes` are for the whole tree, the others for one process."""

        memory: int
        address_space: int
        processes: int
        file_size: int
        folder_bytes: int
        folder_files: int
        open_files: int
        cpu_seconds: int

    class Plan(TypedDict):
        """One program to run. Every path is absolute and resolved; `own` are what the launcher itself needs to start."""

        way: str
        layers: tuple[str, ...]
        argv: tuple[str, ...]
        env: dict[str, str]
        stdin: bytes
        files: dict[str, bytes]
        folder: str
        readable: tuple[str, ...]
        links: tuple[tuple[str, str], ...]
        devices: tuple[str, ...]
        bounds: Bounds
        seconds: float
        package: str
        own: tuple[str, ...]
        bubblewrap: str
        landlock_abi: int

    class Ending(TypedDict):
        """How it ended. `fault` is why the program could not be started; `killed_for` why it was stopped, or empty."""

        status: int
        killed_for: str
        fault: str
        ms: float
        reaped: bool


NAMESPACES = "namespaces"
BUBBLEWRAP = "bubblewrap"
BARE = "bare"
"""The ways to hold a program: our own namespaces, bubblewrap's, or none: Landlock and seccomp alone."""

LANDLOCK = "landlock"
SECCOMP = "seccomp"
RLIMITS = "rlimits"
IDENTITY = "identity"
WATCHER = "watcher"
SWEEP = "sweep"
CGROUP = "cgroup"
