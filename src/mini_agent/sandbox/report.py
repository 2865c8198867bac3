"""What the self-test found: each attempt to escape, whether it had an effect, and which layers stop it alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way out. `stopped` is judged by the effect; `stopped_by` names layers that suffice alone, where that was tried."""

    name: str
    stopped: bool
    detail: str = ""
    stopped_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """`way` and `layers` are how programs are held when `ok`; else `reason` says in one line why they are refused.

    `refused` pairs each way that was tried before, and not taken, with its reason.
    """

    ok: bool
    way: str = ""
    layers: tuple[str, ...] = ()
    bubblewrap: str = ""
    attempts: tuple[Attempt, ...] = ()
    reason: str = ""
    refused: tuple[tuple[str, str], ...] = ()
    ms: float = 0.0

    @property
    def not_stopped(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.attempts if not one.stopped)
