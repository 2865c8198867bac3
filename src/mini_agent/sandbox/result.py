"""How a sandboxed program ended."""

from __future__ import annotations

from dataclasses import dataclass


class SandboxError(Exception):
    """The sandbox could not be made, so nothing was run; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """`rc` is the exit code, or minus the signal's number. `ms` is wall time in milliseconds.

    `killed_for` says which bound ended it: time, memory, processes, disk, output; empty when it ended by itself.
    """

    rc: int
    stdout: str
    stderr: str
    timed_out: bool = False
    killed_for: str = ""
    ms: float = 0.0
