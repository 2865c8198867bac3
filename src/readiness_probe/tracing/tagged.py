"""Holders whose dict has a version tag: which of them were written to, in 20 ns each."""

from __future__ import annotations

from operator import is_not
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import InstanceHolder, dict_slot
from readiness_probe.tracing.versions import SIZE

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Tuple

    from readiness_probe.tracing.holders import Holder
    from readiness_probe.tracing.versions import Versions

    Column = Tuple[List[Any], List[Any], List[int]]

_STEP = 64 * SIZE
"""Bytes of tags that are compared at once; most of them have not changed."""


class Tagged:
    """The dicts are held, so that a tag is never read of one that is gone."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._holders: List[Holder] = []
        self._dicts: List[Dict[Any, Any]] = []
        self._tags: List[memoryview] = []
        self._seen = b""
        self._fresh: List[bytes] = []
        self._replaceable: Dict[Any, Column] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def add(self, holder: Holder, names: Dict[Any, Any]) -> None:
        if isinstance(holder, InstanceHolder):
            self._may_be_replaced(holder, names)
        self._holders.append(holder)
        self._dicts.append(names)
        self._tags.append(memoryview(self._versions.tag(names)))
        self._fresh.append(bytes(self._tags[-1]))

    def moved(self) -> List[Holder]:
        """Those that were written to since they were last asked for."""
        self._seen += b"".join(self._fresh)
        self._fresh.clear()
        found = list(self._replaced())
        values = b"".join(self._tags)
        if values != self._seen:
            found += [at for at in _differing(values, self._seen) if at not in found]
            self._seen = values
        return [self._holders[at] for at in found]

    def _may_be_replaced(self, holder: Holder, names: Dict[Any, Any]) -> None:
        """An object may be given another `__dict__` as a whole; that of a module or a class stays."""
        slot = dict_slot(type(holder.target))
        targets, dicts, places = self._replaceable.setdefault(slot, ([], [], []))
        targets.append(holder.target)
        dicts.append(names)
        places.append(len(self._holders))

    def _replaced(self) -> Iterator[int]:
        for slot, (targets, dicts, places) in self._replaceable.items():
            now = list(map(slot.__get__, targets))
            if not any(map(is_not, now, dicts)):
                continue
            for number, one in enumerate(now):
                if one is not dicts[number] and type(one) is dict:
                    at = places[number]
                    dicts[number] = self._dicts[at] = one
                    self._tags[at] = memoryview(self._versions.tag(one))
                    yield at


def _differing(one: bytes, other: bytes) -> Iterator[int]:
    """The numbers of the tags that are not the same in both."""
    for start in range(0, len(one), _STEP):
        end = start + _STEP
        if one[start:end] != other[start:end]:
            for at in range(start, min(end, len(one)), SIZE):
                if one[at : at + SIZE] != other[at : at + SIZE]:
                    yield at // SIZE
