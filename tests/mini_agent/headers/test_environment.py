"""What `MINI_AGENT_TOOL_HTTP_HEADERS` may hold."""

from __future__ import annotations

import pytest

from mini_agent.headers.environment import VARIABLE, from_environment
from mini_agent.headers.table import HeaderError


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}, {VARIABLE: " \n"}, {VARIABLE: "{}"}])
def test_nothing_set_is_no_header(environ):
    assert from_environment(environ) == {}


def test_an_object_of_strings_is_taken():
    assert from_environment({VARIABLE: '{"X-Env": " A ", "Authorization": "Bearer t"}'}) == {
        "X-Env": "A",
        "Authorization": "Bearer t",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("X-Env: s3cret", "it is not JSON"),
        ('{"X-Env": "s3cret"', "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ('["s3cret"]', "it is a list"),
        ('"s3cret"', "it is a string"),
        ("null", "it is null"),
        ("12", "it is a number"),
        ("true", "it is true or false"),
        ('{"X-Env": 5}', "'X-Env': its value must be a string, is a number"),
        ('{"X-Env": null}', "'X-Env': its value must be a string, is null"),
        ('{"X-Env": ["s3cret"]}', "'X-Env': its value must be a string, is a list"),
        ('{"X-Env": {"a": "s3cret"}}', "'X-Env': its value must be a string, is an object"),
        ('{"Host": "s3cret"}', "'Host': only the service"),
        ('{"": "s3cret"}', "empty name"),
        ('{"X-Env": "s3cret\\r\\nX: 1"}', "'X-Env': its value has a control character"),
    ],
)
def test_anything_else_is_an_error_that_says_so_and_keeps_the_secret(text, complaint):
    with pytest.raises(HeaderError, match=complaint) as refusal:
        from_environment({VARIABLE: text})
    assert str(refusal.value).startswith(VARIABLE)
    assert "s3cret" not in str(refusal.value)
    assert refusal.value.__cause__ is None
