"""Delta debugging over tests: the smallest part of a list that still does what the whole does.

Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28(2), 2002.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    Unit = TypeVar("Unit")


def minimal(units: Sequence[Unit], works: Callable[[Sequence[Unit]], bool]) -> tuple[Unit, ...]:
    """A part of `units`, in their order, that works and of which every single unit is needed.

    That `units` as a whole works is known, and not asked again. Raises what `works` raises.
    """
    current = tuple(units)
    parts = 2
    while len(current) > 1:
        smaller = next((part for part in _candidates(current, parts) if works(part)), None)
        if smaller is not None:
            parts = 2 if len(smaller) <= -(-len(current) // parts) else max(parts - 1, 2)
            current = smaller
        elif parts >= len(current):
            break
        else:
            parts = min(parts * 2, len(current))
    return current


def _candidates(units: tuple[Unit, ...], parts: int) -> list[tuple[Unit, ...]]:
    """Each of `parts` pieces, the last first: who pollutes is seldom far away. Then all but one piece."""
    size = -(-len(units) // parts)
    starts = range(0, len(units), size)
    pieces = [units[start : start + size] for start in reversed(starts)]
    rests = [units[:start] + units[start + size :] for start in starts]
    return pieces + (rests if len(starts) > 2 else [])
