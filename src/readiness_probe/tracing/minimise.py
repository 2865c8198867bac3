"""Delta debugging: the smallest part of a list that still does what the whole does.

Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28(2), 2002.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Callable, List, Sequence, TypeVar

    Unit = TypeVar("Unit")


class OutOfBudget(Exception):
    """No further question may be asked."""


def minimal(units: Sequence[Unit], works: Callable[[List[Unit]], bool]) -> List[Unit]:
    """A part of `units`, in their order, that works and of which every single unit is needed.

    `units` as a whole works, which is not asked again. When `works` raises OutOfBudget, the smallest part that
    was seen to work is the answer.
    """
    current = list(units)
    parts = 2
    try:
        while len(current) >= 2:
            size = -(-len(current) // parts)
            chunks = [current[start : start + size] for start in range(0, len(current), size)]
            smaller = _smaller(current, chunks, works)
            if smaller is not None:
                was_chunk = len(smaller) <= size
                parts = 2 if was_chunk else max(parts - 1, 2)
                current = smaller
            elif parts >= len(current):
                break
            else:
                parts = min(parts * 2, len(current))
    except OutOfBudget:
        pass
    return current


def _smaller(
    current: List[Unit], chunks: Sequence[List[Unit]], works: Callable[[List[Unit]], bool]
) -> List[Unit] | None:
    for chunk in chunks:
        if len(chunk) < len(current) and works(chunk):
            return chunk
    if len(chunks) > 2:
        for chunk in chunks:
            rest = [unit for unit in current if unit not in chunk]
            if rest and works(rest):
                return rest
    return None
