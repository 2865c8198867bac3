"""Which checks of a run are repeated, and among how many of a lane the risk of a false NOT READY is shared."""

from __future__ import annotations

from readiness.run.repetition.repetition import Repetition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from readiness.config.model import Check
    from readiness.gate.plan import Item
    from readiness.run.cache import Keys
    from readiness.run.context import Context
    from readiness.run.journal import Journal
    from readiness.run.metering import Metering

DECIDES = ("inputs", "command", "packages", "interpreter")
"""The parts of a check's key that evidence is bound to."""


class Repeaters:
    """Makes the repetition of each check that may have one. `known` says of a check whether it runs pytest."""

    def __init__(
        self,
        context: Context,
        metering: Metering,
        journal: Journal,
        keys: Keys,
        items: Iterable[Item],
        known: Mapping[str, tuple[bool, str]],
    ) -> None:
        self._context = context
        self._metering = metering
        self._journal = journal
        self._keys = keys
        self._known = known
        self._lanes: dict[str, int] = {}
        for item in items:
            if item.required and may_repeat(item.check):
                self._lanes[item.check.lane] = self._lanes.get(item.check.lane, 0) + 1

    def of(self, check: Check) -> Repetition | None:
        """None for a check that is never repeated. Raises OSError when what an attempt before left cannot be read."""
        if not may_repeat(check):
            return None
        return Repetition(
            check,
            self._context,
            self._metering,
            self._journal,
            code=self._code(check),
            sharing=max(1, self._lanes.get(check.lane, 1)),
            calls_pytest=self._known.get(check.name, (False, ""))[0],
        )

    def _code(self, check: Check) -> str:
        """A digest of what decides the check's outcome beside its model; empty where that is not known."""
        import hashlib

        key = self._keys.of(check, self._context.interpreter(check))
        if not key.usable:
            return ""
        return hashlib.sha256("\n".join(key.parts[name] for name in DECIDES).encode()).hexdigest()[:32]


def may_repeat(check: Check) -> bool:
    """Checks with `trials`, and those of nd and live, whose tests may ask for it by a marker."""
    return check.trials is not None or check.lane in ("nd", "live")
