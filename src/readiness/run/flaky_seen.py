"""What earlier runs say of the core tests that failed in this one."""

from __future__ import annotations

from readiness.record.value import value
from readiness.store.flakes import is_kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.config.model import Check
    from readiness.run.cache import Key, Keys
    from readiness.run.context import Context
    from readiness.run.job import Ended


@value
class Flaky:
    """What is known of the tests that failed now. `hidden` are in quarantine with effect; `seen` did both before."""

    hidden: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


NOT_FLAKY = Flaky()


def inputs_to_remember(check: Check, ended: Ended, key: Key | None, keys: Keys, context: Context) -> str:
    """What a core check ran on, where it has to be remembered how its tests ended; else empty."""
    failed = ended.exit_code or ended.stopped
    if check.lane != "core" or check.trials or not (failed or is_kept(context.root)):
        return ""
    return _digest(key or keys.of(check, context.interpreter(check)))


def digest_of(key: Key | None) -> str:
    """What a check runs on, in sixteen digits: its input files and its command; empty where they are not known."""
    return _digest(key) if key and key.usable else ""


def _digest(key: Key) -> str:
    import hashlib

    return hashlib.sha256(f"{key.parts['inputs']} {key.parts['command']}".encode()).hexdigest()[:16]
