"""Columns are counted as a terminal shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.report.width import columns, cut, padded

lines = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")))


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("漢字", 4), ("e\u0301", 1), ("ﾊﾝ", 2), ("✔ ok", 4), ("a\u200db", 2)],
)
def test_columns(text: str, width: int) -> None:
    assert columns(text) == width


@given(lines, st.integers(0, 40))
def test_what_is_cut_fits_and_starts_alike(text: str, width: int) -> None:
    shown = cut(text, width)
    assert columns(shown) <= width
    if shown != text:
        assert text.startswith(shown.removesuffix("…"))
        assert columns(text) > width


@given(lines, st.integers(1, 40))
def test_padded_text_has_exactly_its_width(text: str, width: int) -> None:
    assert columns(padded(text, width)) == width


def test_a_wide_character_is_never_cut_in_half() -> None:
    assert cut("漢字漢字", 4) == "漢…"
    assert padded("漢字漢字", 4) == "漢… "
