"""Names the recorded request that is nearest to one without a recording, and what differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Final

    from readiness.relay.cassette import Recording

SHOWN: Final = 80
"""Characters of a differing value that are shown."""
NOTHING: Final = object()


def nearest(request: Mapping[str, Any], recordings: Iterable[Recording]) -> str:
    """A clause for an error message: the recording that shares most with `request`, and the first difference."""
    asked = dict(leaves(request))
    held = [(dict(leaves(one.request)), one) for one in recordings]
    if not held:
        return "it holds no recording at all"
    best, recording = max(held, key=lambda one: _shared(asked, one[0]))
    return (
        f"the nearest, number {recording.ordinal} of {recording.key}, differs in {_difference(asked, best)}"
    )


def leaves(data: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each scalar of JSON data with its place: `body.messages[0].content`."""
    if isinstance(data, dict) and data:
        for name, one in data.items():
            yield from leaves(one, f"{place}.{name}" if place else str(name))
    elif isinstance(data, list) and data:
        for number, one in enumerate(data):
            yield from leaves(one, f"{place}[{number}]")
    else:
        yield place, data


def _shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """The share of leaves that are equal in both (Jaccard's index), 0 to 1."""
    same = sum(1 for place, data in one.items() if other.get(place, NOTHING) == data)
    return same / max(1, len(one.keys() | other.keys()))


def _difference(asked: Mapping[str, Any], recorded: Mapping[str, Any]) -> str:
    places = [*asked, *(place for place in recorded if place not in asked)]
    for place in places:
        now, then = asked.get(place, NOTHING), recorded.get(place, NOTHING)
        if now != then:
            return f"{place}: asked {_shown(now)}, recorded {_shown(then)}"
    return "nothing that is shown: a secret was taken out of it"


def _shown(one: Any) -> str:
    if one is NOTHING:
        return "nothing"
    text = json.dumps(one, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
