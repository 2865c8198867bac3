"""Which dicts were written to, by their version tags."""

from __future__ import annotations

import pytest

from readiness_probe.tracing.holders import DictHolder, InstanceHolder
from readiness_probe.tracing.tagged import Tagged
from readiness_probe.tracing.versions import Versions

VERSIONS = Versions()
needs_tags = pytest.mark.skipif(not VERSIONS.of_dicts, reason="this interpreter has no version tags")


class Plain:
    def __init__(self) -> None:
        self.one = 1


@needs_tags
def test_a_write_to_any_of_many_is_found_once() -> None:
    tagged = Tagged(VERSIONS)
    holders = [DictHolder(str(number), {"a": number}) for number in range(300)]
    for holder in holders:
        tagged.add(holder, holder.target)
    assert tagged.moved() == []
    for number in (0, 63, 64, 299):
        holders[number].target["b"] = 1
    assert tagged.moved() == [holders[number] for number in (0, 63, 64, 299)]
    assert tagged.moved() == []


@pytest.mark.skipif(not VERSIONS.of_instances, reason="objects have no version tags in this interpreter")
def test_another_dict_in_place_of_the_first_is_found_and_followed() -> None:
    tagged, target = Tagged(VERSIONS), Plain()
    holder = InstanceHolder("app.target", target)
    tagged.add(holder, target.__dict__)
    target.__dict__ = {"one": 2}
    assert tagged.moved() == [holder]
    target.one = 3
    assert tagged.moved() == [holder]
    assert tagged.moved() == []
