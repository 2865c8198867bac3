"""What is asked of a traced run."""

from __future__ import annotations

import json

from readiness.record.value import value


@value
class Asked:
    """What to run, where, and what it may cost: `replays` of single tests, `seconds` for all of them."""

    python: str
    arguments: tuple[str, ...]
    folder: str
    every_test: bool = False
    replays: int = 400
    seconds: float = 120.0
    proof: str = "forked"
    """`fresh`: ask in new pytest processes alone, and not in copies of the one that failed."""
    timeout: float | None = None
    """Seconds after which a test is hanging; pytest ends then."""
    seldom: bool = False
    """Look as in a suite where looks take too much of the time: at most state after every tenth test."""

    def options(self) -> str:
        """For the probe, as JSON."""
        return json.dumps(
            {
                "all": self.every_test,
                "seldom": self.seldom,
                "replays": self.replays,
                "leaks": True,
                "seconds": self.seconds,
                "serial": True,
                "disk": True,
                "fork": self.proof != "fresh",
            }
        )
