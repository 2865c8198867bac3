"""Which checks may start now: pure."""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from readiness.config.model import Check
    from readiness.gate.plan import Item

SATISFYING = frozenset({Outcome.PASSED})
"""Outcomes that let a check start which needs the one that had them."""


@value
class Machine:
    """What is free: cores not taken, locks held, and whether anything (or an exclusive check) is running."""

    free_cores: int
    held_locks: frozenset[str]
    busy: bool
    exclusive: bool


def machine(running: Iterable[Check], slots: int) -> Machine:
    """What a machine of `slots` cores has left while these checks run."""
    checks = tuple(running)
    return Machine(
        free_cores=slots - sum(min(check.cores, slots) for check in checks),
        held_locks=frozenset(lock for check in checks for lock in check.locks),
        busy=bool(checks),
        exclusive=any(check.exclusive for check in checks),
    )


def fits(check: Check, now: Machine, slots: int) -> bool:
    """Whether the machine can take the check beside what runs. One that wants more cores than there are runs alone."""
    if now.exclusive or (check.exclusive and now.busy):
        return False
    return min(check.cores, slots) <= now.free_cores and not now.held_locks & set(check.locks)


def blocked_by(check: Check, outcomes: Mapping[str, Outcome]) -> str:
    """The needed check that ended in a way that rules this one out; empty when none did."""
    for name in check.needs:
        if name in outcomes and outcomes[name] not in SATISFYING:
            return f"check {name}, which it needs, ended {outcomes[name]}"
    return ""


def candidates(waiting: Iterable[Item], outcomes: Mapping[str, Outcome]) -> Iterator[Item]:
    """Those that have all they need, in the order of the plan; an exclusive one holds back what stands behind it."""
    for item in tuple(waiting):
        if all(outcomes.get(name) in SATISFYING for name in item.check.needs):
            yield item
            if item.check.exclusive:
                return
