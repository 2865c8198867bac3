"""Version tags are believed where they were seen to work, and nowhere else."""

from __future__ import annotations

import sys

import pytest

from readiness_probe.tracing.versions import Versions, dict_of_class


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.version_info >= (3, 14), reason="this interpreter has no tags"
)
def test_a_tag_changes_with_every_write_and_not_with_reads():
    versions = Versions()
    assert versions.of_dicts
    names = {"a": 1}
    tag = versions.tag(names)
    before = bytes(tag)
    assert names["a"] == 1
    assert bytes(tag) == before
    names["a"] = 2
    assert bytes(tag) != before


def test_the_dict_of_a_class_is_the_one_that_is_written():
    class Kind:
        x = 1

    names = dict_of_class(Kind)
    Kind.x = 2
    assert names is not None
    assert names["x"] == 2


def test_no_claim_without_a_reader(monkeypatch):
    monkeypatch.setattr(sys.implementation, "name", "other")
    versions = Versions()
    assert [versions.of_dicts, versions.of_classes, versions.of_instances] == [False] * 3
