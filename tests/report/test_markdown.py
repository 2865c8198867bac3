"""Text from outside cannot become markup, whatever it is."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.report.markdown import LONGEST, Block, code, document, fenced, header_rows, prose, row
from readiness.report.plain import plain

SIGNS = st.text("\\`*_[]|~#!$&<>-+=.)1a :\n", max_size=20)
outside = st.one_of(SIGNS, st.text(st.characters(exclude_categories=()), max_size=30))


def read_back(markdown: str) -> str:
    """What CommonMark shows for text without markup: backslash escapes and entities undone."""
    tokens = r"\\([!-/:-@\[-`{-~])|&(amp|lt|gt);"
    return re.sub(tokens, lambda found: found[1] or html.unescape(f"&{found[2]};"), markdown)


@given(outside)
def test_prose_is_shown_as_it_is(text: str) -> None:
    assert read_back(prose(text)) == plain(text).strip()


@given(outside)
def test_prose_holds_no_sign_that_could_be_markup(text: str) -> None:
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", prose(text))
    assert not re.search(r"[`*\[\]|~#!$<>\n\\]", bare)
    assert not re.search(r"&(?!amp;|lt;|gt;)", bare)
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", re.sub(r"\\[!-/:-@\[-`{-~]", "x", prose(text)))
    assert not re.match(r"\s|[-+=]|\d+[.)](\s|$)", prose(text))


@given(outside)
def test_code_is_one_span_that_shows_the_text(text: str) -> None:
    shown = code(text)
    if not shown:
        assert plain(text).strip() == ""
    elif shown.startswith("`"):
        assert shown == f"`{plain(text).strip()}`"
        assert not re.search(r"[`|\\\n]", shown[1:-1])
    else:
        inner = shown.removeprefix("<code>").removesuffix("</code>")
        assert html.unescape(inner) == plain(text).strip()
        assert not re.search(r"[`|<>*\[\]\\\n]", inner)


@given(st.lists(outside, min_size=1, max_size=4))
def test_a_row_has_as_many_cells_as_it_was_given(texts: list[str]) -> None:
    line = row([*map(prose, texts), *map(code, texts)])
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", line)
    assert bare.count("|") == 2 * len(texts) + 1
    assert "\n" not in line


@given(outside)
def test_a_fence_is_longer_than_any_in_the_text(text: str) -> None:
    first, *lines, last = fenced(text, "text").split("\n")
    assert first == last + "text"
    assert set(last) == {"`"}
    assert len(last) >= 3
    assert not any(line.strip().startswith(last) for line in lines)


def test_long_text_is_cut() -> None:
    assert len(prose("a" * 10_000)) == LONGEST
    assert prose("a" * 10_000).endswith("…")
    assert len(code("a" * 10_000)) == LONGEST + 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("test_a_b.py", "test_a_b.py"),
        ("_private_ __init__", r"\_private\_ \_\_init\_\_"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("a | b", r"a \| b"),
        ("1. one", r"1\. one"),
        ("1.5 s", "1.5 s"),
        ("- item", r"\- item"),
        ("[x](http://y)", r"\[x\](http://y)"),
    ],
)
def test_prose_stays_readable(text: str, shown: str) -> None:
    assert prose(text) == shown


BLOCKS = [
    Block("", ("# NOT READY",)),
    Block(
        "Checks",
        header_rows(("check", "why")),
        tuple(row((f"`c{at}`", "x" * 90)) for at in range(1000)),
        "check",
    ),
    Block("Notes", (), tuple(f"- note {at}" for at in range(200)), "note"),
]


def test_a_document_without_limit_holds_everything() -> None:
    text = document(BLOCKS)
    assert "`c999`" in text
    assert "note 199" in text
    assert "left out" not in text


@pytest.mark.parametrize("limit", [10_000, 20_000, 100_000, 1_000_000])
def test_a_limited_document_fits_and_says_what_it_left_out(limit: int) -> None:
    text = document(BLOCKS, limit)
    assert len(text.encode()) <= limit
    shown = text.count("| `c")
    assert (f"{1000 - shown} more of 1000 checks left out here" in text) == (shown < 1000)
    notes = text.count("- note")
    assert shown > 0
    assert notes > 0
    assert (f"{200 - notes} more of 200 notes left out here" in text) == (notes < 200)


def test_a_part_without_room_is_named_and_the_rest_still_shown() -> None:
    huge = Block("Huge", ("x" * 100_000,), ("- one", "- two"), "thing")
    text = document([huge, Block("Small", ("y",))], 20_000)
    assert "## Huge\n\nNo room here for 2 things; see report.json." in text
    assert "## Small\n\ny\n" in text
