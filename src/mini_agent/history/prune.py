"""What of a long conversation is sent. Pure: messages in, messages out; nothing is rewritten, only left out.

A call and its results are one unit: an assistant message with `tool_calls` and the tool messages that answer it. A
server refuses the one without the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mini_agent.conversation import Message

SYSTEM = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class Unit:
    """Messages that are kept or left out together, by their places in the conversation."""

    places: tuple[int, ...]
    role: str
    is_pair: bool = False


def prune(messages: Sequence[Message], most: int) -> tuple[Message, ...]:
    """The newest messages that fit in `most` characters, in their order.

    Always kept: system and developer messages, the last user message, the last call with its results; these may
    exceed `most`. Of the rest, the oldest go first. Never kept, at any size: a call without all of its results, a
    result without its call.
    """
    units = tuple(_units(messages))
    always = _always(units)
    room = most - sum(size(one) for one in messages if one.get("role") in SYSTEM)
    room -= sum(_size(unit, messages) for unit in always)
    kept = {place for unit in (*always, *_newest(units, always, room, messages)) for place in unit.places}
    return tuple(one for place, one in enumerate(messages) if place in kept or one.get("role") in SYSTEM)


def size(value: Any) -> int:
    """Characters of everything in a message: text, names, ids and the arguments of calls, however deep they lie."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(size, value))
    return 0 if value is None else len(str(value))


def _size(unit: Unit, messages: Sequence[Message]) -> int:
    return sum(size(messages[place]) for place in unit.places)


def _always(units: Sequence[Unit]) -> tuple[Unit, ...]:
    pair = next((unit for unit in reversed(units) if unit.is_pair), None)
    asked = next((unit for unit in reversed(units) if unit.role == "user"), None)
    return tuple(unit for unit in (asked, pair) if unit)


def _newest(
    units: Sequence[Unit], always: Sequence[Unit], room: int, messages: Sequence[Message]
) -> tuple[Unit, ...]:
    """From the end backwards, until one does not fit; then from a user message on, where the last one is older."""
    kept: list[Unit] = []
    for unit in reversed(units):
        room -= 0 if unit in always else _size(unit, messages)
        if room < 0 and unit not in always:
            break
        kept.append(unit)
    kept.reverse()
    if len(kept) == len(units):
        return tuple(kept)
    first = next((place for place, unit in enumerate(kept) if unit.role == "user"), 0)
    return tuple(kept[first:])


def _units(messages: Sequence[Message]) -> Iterator[Unit]:
    """Whole units in their order; orphans and system messages are no part of any.

    A system message between a call and its results does not part them.
    """
    places = [place for place, one in enumerate(messages) if one.get("role") not in SYSTEM]
    for at, place in enumerate(places):
        message = messages[place]
        if calls := message.get("tool_calls"):
            results = _results(messages, places[at + 1 :], Counter(map(_id, calls)))
            if len(results) == len(calls):
                yield Unit((place, *results), "assistant", is_pair=True)
        elif message.get("role") != "tool":
            yield Unit((place,), str(message.get("role")))


def _results(messages: Sequence[Message], places: Sequence[int], wanted: Counter[Any]) -> list[int]:
    """Of the tool messages that follow directly, those that answer a wanted id, once each."""
    found: list[int] = []
    for place in places:
        if messages[place].get("role") != "tool":
            break
        answered = messages[place].get("tool_call_id")
        if wanted[answered] > 0:
            wanted[answered] -= 1
            found.append(place)
    return found


def _id(call: Any) -> Any:
    return call.get("id") if isinstance(call, dict) else None
