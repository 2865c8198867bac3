"""No header value is left in text that goes into an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.headers.redact import PLACE, redact


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("no such user", [], "no such user"),
        ("no such user", [""], "no such user"),
        ("token abcdef123456 is old", ["abcdef123456"], f"token {PLACE} is old"),
        ("bad token sk-12345678!", ["Bearer sk-12345678"], f"bad token {PLACE}!"),
        ("got <<abcdef123456>>abcdef123456", ["abcdef123456"], f"got <<{PLACE}>>{PLACE}"),
        ('{"X-Env": "B", "why": "Bad Body"}', ["B"], f'{{"X-Env": "{PLACE}", "why": "Bad Body"}}'),
        ("a+b is not a-b", ["a+b"], f"{PLACE} is not a-b"),
        (json.dumps({"v": 'a"quoted"\\b'}), ['a"quoted"\\b'], f'{{"v": "{PLACE}"}}'),
        ("longer-secret and longer-secret-2", ["longer-secret", "longer-secret-2"], f"{PLACE} and {PLACE}"),
    ],
)
def test_values_are_taken_out(text, values, expected):
    assert redact(text, values) == expected


SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=6, max_size=40).filter(
    lambda secret: secret not in PLACE
)


@given(st.text(max_size=40), SECRETS, st.text(max_size=40))
def test_a_long_value_is_never_left(before, secret, after):
    shown = redact(before + secret + after, [secret])
    # What is left may spell the value only across a place that was taken out.
    assert all(secret not in piece for piece in shown.split(PLACE))
