"""A secret that something shortened is hidden too: known ones by their pieces, others by how they begin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.record import Switch
from readiness.record.redact import Redactor
from readiness.record.value import value

BODY = "7fQz1LmX9bRt4KvY2cNw8HsJ5dGp3TaE6uVi0OyZ" * 4
KNOWN = f"q{BODY[:90]}"


@value
class Told:
    """Two texts of one record."""

    whole: str
    cut: str


@given(st.integers(8, 80), st.integers(8, 80), st.sampled_from(["...", "…"]))
def test_both_sides_of_an_ellipsis_in_a_known_value_go(head: int, tail: int, mark: str) -> None:
    shown = Redactor([KNOWN]).text(f"assert '{KNOWN[:head]}{mark}{KNOWN[-tail:]}' == 'x'")
    assert shown.startswith("assert '[redacted:")
    assert shown.endswith("]' == 'x'")
    assert not any(KNOWN[at : at + 8] in shown for at in range(len(KNOWN) - 8))


@given(st.integers(0, 60), st.integers(23, 91))
def test_any_long_piece_of_a_known_value_goes(start: int, length: int) -> None:
    piece = KNOWN[start : start + length]
    if len(piece) < 23:
        return
    assert (
        Redactor([KNOWN]).text(f"E    - {piece}")
        == f"E    - [redacted:{'value' if piece == KNOWN else 'cut'}]"
    )


@pytest.mark.parametrize(
    "head",
    [f"s{'k'}-proj-A{BODY[:9]}", f"gh{'p'}_{BODY[:12]}", f"Authorization Bearer {BODY[:20]}", f"ey{'J'}hbGciOi{BODY[:8]}",
     f"-----BEGIN RSA {'PRIVATE'} KEY-----\\n{BODY[:60]}"],
)  # fmt: skip
def test_what_follows_the_ellipsis_of_a_key_of_a_known_kind_goes_with_it(head: str) -> None:
    shown = Redactor().text(f"assert '{head}...{BODY[-60:]}' == 'x'")
    assert BODY[-60:][:8] not in shown
    assert BODY[-8:] not in shown
    assert BODY[4:9] not in shown


@pytest.mark.parametrize(
    "text",
    ["loading ... done", "tests/test_a.py .....s...", "assert 'aaaa...bbbb' == 'c'", "s" + "k-...", "sk-learn-like-name...and-more",
     "see key-...", "a range of 1...10000000", "assert '/usr/lib/python3/site-packages/numpy...ray.py' == ''"],
)  # fmt: skip
def test_what_only_looks_cut_stays(text: str) -> None:
    assert Redactor([KNOWN]).text(text) == text


def test_words_of_a_pass_phrase_stay_in_ordinary_text() -> None:
    redactor = Redactor(["correct horse battery staple and so on"])
    assert redactor.text("correct horse, said he") == "correct horse, said he"


def test_what_one_text_of_a_record_shows_whole_is_hidden_where_another_shows_its_end() -> None:
    key = f"s{'k'}-proj-A{BODY}"
    clean = Redactor().value(Told(f"header {key}", f"E   ...{key[-40:]}"))
    assert clean == Told("header [redacted:openai]", "E   ...[redacted:cut]")
    assert Redactor().value(Switch("a", "b", "c")) == Switch("a", "b", "c")
