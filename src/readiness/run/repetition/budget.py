"""What the trials of a check may cost, and what they have cost so far."""

from __future__ import annotations

from readiness.record.value import EMPTY, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final

    from readiness.config.model import Trials
    from readiness.relay.call import Call

PARTS: Final = ("trials", "calls", "tokens", "seconds", "cost")


@value
class Budget:
    """Only the parts that have a limit are in `limits`. Seconds are wall time from the first trial on."""

    limits: Mapping[str, float] = EMPTY

    @classmethod
    def of(cls, trials: Trials | None) -> Budget:
        if trials is None:
            return cls()
        found = {part: getattr(trials, f"budget_{part}") for part in PARTS}
        return cls({part: limit for part, limit in found.items() if limit is not None})

    def reached(self, spent: Mapping[str, float]) -> str:
        """The first part that is used up, in words; empty when none is."""
        for part, limit in self.limits.items():
            if spent.get(part, 0) >= limit:
                return f"its budget of {limit:g} {'in cost' if part == 'cost' else part} is used up"
        return ""


def spent_on(calls: Sequence[Call]) -> dict[str, float]:
    """Calls, tokens and cost, as far as the relay knows them."""
    tokens = sum((one.tokens.prompt or 0) + (one.tokens.completion or 0) for one in calls)
    return {
        "calls": sum(one.generation for one in calls),
        "tokens": tokens,
        "cost": round(sum(one.cost or 0.0 for one in calls), 6),
    }
