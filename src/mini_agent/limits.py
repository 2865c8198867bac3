"""What a run may spend. All limits interrupt: nothing is looked at only afterwards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, cost in US dollars; None: no limit. `tool_concurrency` is how many tools run at once."""

    max_iterations: int = 3
    max_total_seconds: float | None = None
    max_tokens_total: int | None = None
    max_cost: float | None = None
    max_tool_calls: int | None = None
    max_tools_per_iter: int = 4
    tool_timeout: float = 10.0
    tool_concurrency: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError naming the limit that makes no sense."""
        for name in ("max_iterations", "max_tools_per_iter", "tool_concurrency"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, is {getattr(self, name)}")
        for name in ("max_total_seconds", "tool_timeout"):
            given = getattr(self, name)
            if given is not None and not 0 < given < float("inf"):
                raise ValueError(f"{name} must be a positive, finite number of seconds, is {given}")
        for name in ("max_tokens_total", "max_cost", "max_tool_calls"):
            given = getattr(self, name)
            if given is not None and not 0 <= given < float("inf"):
                raise ValueError(f"{name} must not be negative, is {given}")
