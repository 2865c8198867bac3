"""What `MINI_AGENT_MCP_SERVERS` may hold, and which of it a request may use."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.tools.mcp.servers import (
    VARIABLE,
    RemoteServer,
    StdioServer,
    chosen,
    servers_from_environment,
)

SECRET = "s3cret-value"


def servers(given_servers: object):
    return servers_from_environment({VARIABLE: json.dumps(given_servers)})


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}, {VARIABLE: " "}, {VARIABLE: "{}"}])
def test_nothing_set_is_no_server(environ):
    assert servers_from_environment(environ) == {}


def test_both_kinds_are_read():
    found = servers(
        {
            "notes": {"command": "notes", "args": ["-v", ""], "env": {"K": SECRET}, "cwd": "/srv"},
            "bare": {"command": "bare"},
            "maps": {"url": "https://maps.example/mcp", "headers": {"X-A": f" {SECRET} "}},
        }
    )
    assert found["notes"] == StdioServer("notes", "notes", ("-v", ""), {"K": SECRET}, "/srv")
    assert found["bare"] == StdioServer("bare", "bare")
    assert found["maps"] == RemoteServer("maps", "https://maps.example/mcp", {"X-A": SECRET})
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("notes", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "must be a JSON object"),
        ('{"a": "notes-server"}', "server 'a': must be an object"),
        ('{"a": {}}', "server 'a': must be an object with a command or a URL"),
        ('{"a": {"command": "x", "url": "http://h"}}', "not both"),
        (
            '{"a": {"command": "x", "headers": {}}}',
            "unknown field 'headers'; known are args, command, cwd, env",
        ),
        ('{"a": {"url": "http://h", "args": []}}', "unknown field 'args'"),
        ('{"a": {"command": ["x"]}}', "command must be a string"),
        ('{"a": {"command": " "}}', "command must be a string that is not empty"),
        ('{"a": {"command": "x\\u0000"}}', "command must be a string"),
        ('{"a": {"command": "x", "args": "y"}}', "args must be a list of strings"),
        ('{"a": {"command": "x", "args": [1]}}', "args must be a list of strings"),
        ('{"a": {"command": "x", "env": {"K": 1}}}', "env must be an object of strings"),
        ('{"a": {"command": "x", "env": {"K=": "s3cret-value"}}}', "no process can have"),
        ('{"a": {"command": "x", "env": {"K": "s3cret-value\\u0000"}}}', "no process can have"),
        ('{"a": {"command": "x", "cwd": 5}}', "cwd must be a string"),
        ('{"a": {"url": 5}}', "url must be a string"),
        ('{"a": {"url": "http://h", "headers": {"Host": "s3cret-value"}}}', "header 'Host'"),
        ('{"": {"command": "x"}}', "a name is printable text"),
        ('{"http://h": {"command": "x"}}', "a name is printable text that is no URL"),
        ('{"a\\nb": {"command": "x"}}', "a name is printable text"),
    ],
)
def test_anything_else_is_an_error_that_names_server_and_field(text, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        servers_from_environment({VARIABLE: text})
    assert str(refusal.value).startswith(f"{VARIABLE}: ")
    assert str(refusal.value).isprintable()
    assert "s3cret" not in str(refusal.value)


def test_a_name_or_the_very_command_is_chosen():
    known = servers({"a": {"command": "run", "args": ["--x", "b c"]}, "b": {"url": "http://h/mcp"}})
    assert chosen("a", known) is known["a"]
    assert chosen("run --x 'b c'", known) is known["a"]
    assert chosen('  run   --x "b c"', known) is known["a"]
    assert chosen("b", known) is known["b"]
    assert chosen("HTTP://h/mcp", known) == RemoteServer("", "HTTP://h/mcp", trusted=False)


def test_a_refusal_names_the_servers_that_there_are():
    with pytest.raises(ValueError, match=r"^mcp_server: .*\('a', 'b'\)"):
        chosen("c", servers({"a": {"command": "x"}, "b": {"command": "y"}}))
    with pytest.raises(ValueError, match=r"^mcp_server: .*\(none\)"):
        chosen("c", {})


WORDS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4)


@given(WORDS, WORDS)
def test_no_words_but_those_of_the_list_are_ever_started(listed, asked):
    known = {"server": StdioServer("server", listed[0], tuple(listed[1:]))}
    try:
        found = chosen(shlex.join(asked), known)
    except ValueError:
        assert asked != listed
        return
    assert isinstance(found, RemoteServer) or asked == listed or shlex.join(asked) == "server"


@given(st.text(max_size=60))
def test_no_text_starts_anything_without_a_list(text):
    try:
        found = chosen(text, {})
    except ValueError:
        return
    assert isinstance(found, RemoteServer)
    assert not found.trusted
