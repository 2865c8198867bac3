from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.model.wire.text import SHOWN, json_text, one_line, well_formed


@settings(deadline=None)
@given(st.text(st.characters(categories=["Cs", "L"])))
def test_any_text_can_be_encoded(text):
    assert well_formed(text).encode() is not None


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_good_text_stays_as_it_is(text):
    assert well_formed(text) == text


def test_one_line():
    assert one_line(" a\r\n\tb\x1b[0m\u202ec") == "a b?[0m?c"
    assert len(one_line("x" * 10_000)) == SHOWN


def test_json_of_any_depth():
    for depth in range(100, 1200):
        value: list = []
        for _ in range(depth):
            value = [value]
        text = json_text(value)
        assert text == '"nested too deeply"' or json.loads(text) is not None


def test_json_can_be_encoded():
    assert json_text({"a": "é\ud800"}) == '{"a": "é\ufffd"}'
