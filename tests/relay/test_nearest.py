from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.cassette import Recording
from readiness.relay.nearest import leaves, nearest


def recorded(body: object, ordinal: int = 0) -> Recording:
    return Recording("k", ordinal, {"method": "POST", "path": "/x", "body": body}, 200, {}, ())


def asked(body: object) -> dict[str, object]:
    return {"method": "POST", "path": "/x", "body": body}


def test_the_recording_that_shares_most_is_named_with_its_first_difference():
    held = [recorded({"a": 1, "b": 2, "c": [1, 2]}, 0), recorded({"a": 1, "b": 9, "c": [8, 8]}, 1)]
    sentence = nearest(asked({"a": 1, "b": 2, "c": [1, 3]}), held)
    assert sentence == "the nearest, number 0 of k, differs in body.c[1]: asked 3, recorded 2"


def test_what_one_side_lacks_is_a_difference():
    assert nearest(asked({"a": 1}), [recorded({"a": 1, "b": 2})]).endswith(
        "body.b: asked nothing, recorded 2"
    )
    assert nearest(asked({"a": 1, "b": {}}), [recorded({"a": 1})]).endswith(
        "body.b: asked {}, recorded nothing"
    )
    assert "a secret was taken out" in nearest(asked({"a": 1}), [recorded({"a": 1})])
    assert nearest(asked({}), []) == "it holds no recording at all"


def test_long_values_are_cut():
    assert len(nearest(asked({"a": "x" * 999}), [recorded({"a": "y" * 999})])) < 300


@given(
    st.recursive(
        st.none() | st.integers(),
        lambda one: st.lists(one) | st.dictionaries(st.text(max_size=3), one),
        max_leaves=9,
    )
)
def test_every_place_is_named(data):
    assert all(isinstance(place, str) for place, _ in leaves(data))
    assert list(leaves(data))
