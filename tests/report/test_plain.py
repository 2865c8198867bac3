"""Nothing from outside moves the cursor, changes colours, hides text or reorders it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.report.plain import first_line, plain, plain_lines

anything = st.text(st.characters(exclude_categories=()))
escapes = st.lists(
    st.sampled_from(
        [
            "\x1b[",
            "\x1b]",
            "\x9b",
            "\x1b",
            "31m",
            "0;title",
            "\x07",
            "\x1b\\",
            "\x1bP",
            "text",
            "\n",
            "\u202e",
            "\t",
        ]
    )
).map("".join)


@given(st.one_of(anything, escapes))
def test_only_printable_text_and_joiners_are_left(text: str) -> None:
    for character in plain(text):
        assert character.isprintable() or character in "\u200c\u200d"
        assert unicodedata.bidirectional(character) not in (
            "RLO",
            "LRO",
            "RLE",
            "LRE",
            "PDF",
            "RLI",
            "LRI",
            "FSI",
            "PDI",
        )


@given(anything)
def test_making_plain_twice_changes_nothing_more(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text().filter(str.isprintable))
def test_printable_text_is_the_same_object(text: str) -> None:
    assert plain(text) is text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1bPq\x1b\\sixel", "sixel"),
        ("\x1b(Bcharset", "charset"),
        ("\x1b", ""),
        ("cut off \x1b[3", "cut off "),
        ("a\tb\nc\r\nd\x00\x08e", "a    b c de"),
        ("if access\u202e \u2066// check", "if access // check"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("bytes \udce9", "bytes \ufffd"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("next\u2028line\x85", "next line "),
    ],
)
def test_each_kind_of_harm(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_an_unfinished_command_hides_no_more_than_its_line() -> None:
    assert plain_lines("\x1b]0;hidden\nshown\r\n\x1bPhidden\nshown") == ["", "shown", "", "shown"]


def test_the_first_line_that_says_something() -> None:
    assert first_line("\n  \x1b[31m\n  said  \nmore") == "said"
    assert first_line("") == ""
