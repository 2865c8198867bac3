"""What fits into a bundle, and that what does not is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.review.bundle.budget import RESERVE, Part, Piece, fit, tokens

piece = st.builds(Piece, st.text("abc", min_size=1, max_size=4), st.text("xyz\né", max_size=900))
part = st.builds(
    Part, st.sampled_from(["One", "Two"]), st.text("l", max_size=9), st.lists(piece, max_size=6).map(tuple)
)


def test_a_token_is_two_and_a_half_bytes_rounded_up():
    assert [tokens(text) for text in ("", "a", "abcde", "abcdef", "éé")] == [0, 1, 2, 3, 2]


def test_what_does_not_fit_is_named_and_what_follows_it_may_still_fit():
    parts = (Part("Code", "", (Piece("big.py", "x" * 9000), Piece("small.py", "y" * 30))),)
    made = fit("Read this.", parts, 2000)
    assert made.left_out == (("Code", ("big.py",)),)
    assert "y" * 30 in made.text
    assert "- Code: big.py\n" in made.text


def test_that_nothing_is_left_out_is_said():
    assert fit("Read this.", (Part("Code", "", (Piece("a", "b"),)),), 2000).text.endswith(
        "# Left out\n\nNothing.\n"
    )


@given(st.lists(part, max_size=4), st.integers(1000, 4000))
def test_a_bundle_is_never_larger_than_its_budget_and_loses_nothing_unsaid(parts, limit):
    made = fit("Read this.", parts, limit)
    assert made.tokens == tokens(made.text) <= limit
    missing = sum(len(names) for _, names in made.left_out)
    pieces = [one for part in parts for one in part.pieces]
    shown = made.text.split("\n# Left out")[0]
    assert sum(f"{one.text}\n\n" in shown for one in pieces) >= len(pieces) - missing
    assert limit > RESERVE
