"""The findings as Markdown: links that lead to the lines, and nothing from outside that becomes markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.record.value import replace
from readiness.review.compose import compose
from readiness.review.document import CODE, COMMIT, LOG, Evidence, Findings, Statement, name, stated, words
from readiness.review.render import inline, link, markdown, quotation

CODE_LINES = Evidence(CODE, "tests/test a.py", 4, 6, "one\ntwo\nthree", "ab" * 20)


def test_a_link_leads_to_the_lines_and_has_the_blob():
    assert link(CODE_LINES) == f'[tests/test a.py:4-6](tests/test%20a.py#L4-L6 "blob {"ab" * 20}")'
    assert link(CODE_LINES, "../../").startswith("[tests/test a.py:4-6](../../tests/test%20a.py#L4-L6")
    assert link(Evidence(LOG, "runs/x/a.log", 3, 3, "x")) == "[log a.log:3](runs/x/a.log#L3)"


def test_what_is_no_file_of_the_tree_has_the_command_that_shows_it():
    assert link(Evidence(COMMIT, "c1" * 20)) == f"`git show {'c1' * 20}`"
    gone = replace(CODE_LINES, gone=True)
    assert link(gone) == f"<code>git cat-file blob {'ab' * 20} &#124; sed -n 4,6p</code>"


def test_a_quotation_numbers_its_lines_and_marks_the_one_that_counts():
    shown = quotation(CODE_LINES, marks={5})
    assert shown.splitlines()[0].endswith("blob `abababababab`:")
    assert " 4  one\n>5  two\n 6  three" in shown


def test_a_line_within_another_quotation_is_marked_there(red, rest_on, facts):
    text = markdown(compose(red, rest_on(red, **facts)))
    assert "> 5      proxy.Invoker = Fake" in text or ">5      proxy.Invoker = Fake" in text
    assert text.count("proxy.Invoker = Fake") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{name('a|b')} and {words('<b>*x*</b>')}", "`a|b` and &lt;b&gt;\\*x\\*&lt;/b&gt;"),
        (name("`tick`"), "<code>&#96;tick&#96;</code>"),
        (f"- {words('- item')}", "- - item"),
        (name("a\x02b\x03c\x1b[31m"), "`abc`"),
        (words("1. list"), "1. list"),
    ],
)
def test_text_from_outside_stays_text(text, shown):
    assert inline(text) == shown


@settings(max_examples=30)
@given(st.data())
def test_no_line_of_any_document_has_markup_from_outside(any_record, rest_on, data):
    record = any_record(data)
    text = markdown(compose(record, rest_on(record)))
    outside_fences = re.sub(r"(?ms)^ *(`{3,}).*?^ *\1$", "", text)
    assert "<script" not in re.sub(r"`[^`\n]*`", "", outside_fences)
    assert "\x1b" not in text
    assert "\u202e" not in text
    titles = re.findall(r"(?m)^## .*", outside_fences)
    assert titles == [one for one in titles if re.fullmatch(r"## (\d\. )?[A-Z][a-z ]+", one)]
    assert titles[-1] == "## Not looked at"


def test_an_empty_list_of_what_was_not_seen_is_said():
    evidence = Evidence(LOG, "a.log", 1, 1, "x")
    findings = Findings("run", "READY", Statement("All well.", (evidence,)), (), (), ())
    assert "Nothing that the run was asked for was left out." in markdown(findings)
    assert "Nothing that" not in markdown(replace(findings, unseen=(stated("More.", evidence),)))
