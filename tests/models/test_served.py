"""Which names a model answers to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.served import names_of


@pytest.mark.parametrize(
    ("name", "known"),
    [("toy", {"toy", "toy:latest"}), ("toy:1b", {"toy:1b"}), ("Toy", {"toy", "toy:latest"})],
)
def test_a_name_without_a_tag_is_the_latest(name: str, known: set[str]) -> None:
    assert names_of(name) == known


@given(st.text(min_size=1, max_size=8), st.lists(st.text(min_size=1, max_size=8), max_size=3))
def test_the_name_and_each_alias_are_answered_to(name: str, aliases: list[str]) -> None:
    known = names_of(name, tuple(aliases))
    assert {one.lower() for one in (name, *aliases)} <= known
    assert all(one == one.lower() or one.endswith(":latest") for one in known)
