"""No text from outside becomes markup, ends its element, or grows the page without bound."""

from __future__ import annotations

import html
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from readiness.report.html.markup import (
    LONGEST,
    LONGEST_LINES,
    MOST_LINES,
    Markup,
    block,
    code,
    data_block,
    escaped,
    joined,
    last_lines,
    table,
    tag,
)
from readiness.report.plain import plain

outside = st.one_of(
    st.text("<>&\"'`=/ -!\\ascript\n\x1b\u202e", max_size=30), st.text(st.characters(exclude_categories=()))
)


@given(outside)
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    shown = escaped(text)
    assert html.unescape(shown) == plain(text)
    assert not re.search("[<>\"'\n\u202a-\u202e\u2066-\u2069\x1b]", shown)


@given(outside, outside)
def test_what_is_not_markup_is_escaped_as_child_and_as_attribute(child: str, attribute: str) -> None:
    made = tag("p", child, title=attribute)
    assert made == f'<p title="{escaped(attribute)}">{escaped(child)}</p>'
    assert joined([child, tag("b", "x")]) == f"{escaped(child)}<b>x</b>"


def test_attributes_that_are_false_are_left_out_and_void_elements_close() -> None:
    assert tag("input", hidden=True, checked=False, list=None, class_="a", aria_label="b") == (
        '<input hidden class="a" aria-label="b"/>'
    )
    assert tag("line", x1=0) == '<line x1="0"/>'


@given(st.recursive(outside, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(outside, inner)))
def test_data_comes_back_whole_and_cannot_end_its_element(held: object) -> None:
    made = data_block("d", held)
    inner = made.removeprefix('<script type="application/json" id="d">').removesuffix("</script>\n")
    assert inner.isascii()
    assert not re.search("[<>&']", inner)
    assert json.loads(inner) == held


def test_a_long_text_is_cut_and_says_so() -> None:
    huge = "a" * 10_000_000
    assert len(escaped(huge)) == LONGEST
    assert escaped(huge).endswith("…")
    assert len(escaped("\x1b" * 10_000_000 + "x")) <= LONGEST
    lines, left = last_lines(huge)
    assert sum(map(len, lines)) == LONGEST_LINES
    assert "10000000 characters" in left
    assert len(block("<\n" * 10**6, "x")) < 6 * LONGEST_LINES


def test_the_end_of_many_lines_is_kept() -> None:
    lines, left = last_lines("\n".join(f"line {n}" for n in range(1000)))
    assert len(lines) == MOST_LINES
    assert lines[-1] == "line 999"
    assert left
    assert last_lines("one\r\ntwo\n") == (["one", "two"], "")


def test_a_block_keeps_its_lines_and_no_escape_sequence() -> None:
    made = block("\x1b[31mred\x1b[0m\n  <b>bold</b>", 'a "label"')
    assert ">\nred\n  &lt;b&gt;bold&lt;/b&gt;</pre>" in made
    assert 'aria-label="a &quot;label&quot;"' in made


def test_code_is_nothing_where_there_is_nothing() -> None:
    assert code(" \n") == ""
    assert code("<x>") == "<code>&lt;x&gt;</code>"
    assert isinstance(code(""), Markup)


def test_a_table_names_its_columns_and_rows() -> None:
    made = table("All <of> it", ("a", "b"), [("1", "2")])
    assert "<caption>All &lt;of&gt; it</caption>" in made
    assert '<th scope="col">a</th><th scope="col">b</th>' in made
    assert '<tr><th scope="row">1</th><td>2</td></tr>' in made
