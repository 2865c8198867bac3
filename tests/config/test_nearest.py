from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.nearest import LONGEST, distance, nearest, suggestion

words = st.text(alphabet="abc_", max_size=8)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("timeout", "timeout", 0),
        ("timout", "timeout", 1),
        ("tiemout", "timeout", 1),
        ("lanes", "lane", 1),
        ("kitten", "sitting", 3),
        # A swap and an insertion inside it: optimal string alignment edits no part twice.
        ("ca", "abc", 3),
    ],
)
def test_distance_counts_edits(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == edits


@given(words, words, words)
def test_distance_is_symmetric_and_bounded(one: str, other: str, third: str) -> None:
    between = distance(one, other)
    assert between == distance(other, one)
    assert abs(len(one) - len(other)) <= between <= max(len(one), len(other))
    assert (between == 0) == (one == other)
    # The cheap bound that `nearest` skips words by never skips a near one.
    assert len(set(one) ^ set(other)) <= 2 * between
    assert distance(one + third, other + third) <= between


@given(words, st.lists(words, max_size=6))
def test_nearest_names_come_from_the_known_ones_once_each(word: str, known: list[str]) -> None:
    near = nearest(word, known)
    assert len(near) <= 3
    assert len(set(near)) == len(near)
    assert set(near) <= set(known)
    if word in known and word:
        assert near[0] == word


def test_the_likeliest_comes_first() -> None:
    known = ("all_smokes_core", "all_smokes", "all_smokes_nd", "docker_smokes")
    assert nearest("all_smoke_core", known)[0] == "all_smokes_core"
    assert nearest("ALL_SMOKES", known)[0] == "all_smokes"
    assert nearest("smokes", known) == ("all_smokes_core", "all_smokes", "all_smokes_nd")


@pytest.mark.parametrize("word", ["", "x" * (LONGEST + 1), "qqqq"])
def test_nothing_is_near_what_is_far(word: str) -> None:
    assert nearest(word, ("run", "name", "x" * LONGEST)) == ()


def test_suggestion_names_the_near_or_else_all() -> None:
    assert suggestion("tiemout", ("timeout", "run")) == "did you mean timeout?"
    assert suggestion("lint", ("lane", "line")) == "did you mean line?"
    assert suggestion("qqqq", ("timeout", "run")) == "known: timeout, run"
    assert suggestion("qqqq", ()) == "there are none"


def test_suggestion_does_not_list_a_thousand_names() -> None:
    advice = suggestion("qqqq", [f"check_{number}" for number in range(1000)])
    assert advice.endswith("check_29 and 970 more")
