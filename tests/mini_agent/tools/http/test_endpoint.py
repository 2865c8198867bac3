"""Reading a URL that somebody else wrote."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.tools.http.address import AllowList, allow_list
from mini_agent.tools.http.endpoint import Endpoint, origin_of, read_endpoint


def read(text: str, allow: AllowList | None = None) -> Endpoint:
    return read_endpoint(text, allow or AllowList(), "tool_http_base_url")


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081/tools"),
        ("http://127.0.0.1:8081/", "http://127.0.0.1:8081/tools"),
        ("HTTP://LocalHost./v1/", "http://localhost/v1/tools"),
        ("https://localhost:443/a/../b", "https://localhost/b/tools"),
        ("http://[::1]:80", "http://[::1]/tools"),
        (" http://localhost/v%201 ", "http://localhost/v%201/tools"),
    ],
)
def test_what_lies_below_a_base_url(text, tools):
    endpoint = read(text)
    assert endpoint.url("/tools") == tools
    assert origin_of(httpx2.URL(endpoint.url("/tools"))) == endpoint.origin


def test_the_url_itself():
    assert read("http://localhost:1234/mcp").url() == "http://localhost:1234/mcp"
    assert read("http://localhost:1234/mcp/").url() == "http://localhost:1234/mcp/"
    assert read("http://localhost").url() == "http://localhost/"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ftp://localhost/", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
        ("localhost:80", "must begin with http"),
        ("//localhost", "must begin with http"),
        ("", "must begin with http"),
        ("http://user:pa55word@localhost/", "user name or password"),
        ("http://@localhost/", "user name or password"),
        ("http://localhost\\@evil.example/", "user name or password"),
        ("http://localhost\\.evil.example/", "user name or password"),
        ("http://localhost/?token=pa55word", "query or a fragment"),
        ("http://localhost/#pa55word", "query or a fragment"),
        ("http://", "not name a host"),
        ("http:///tools", "not name a host"),
        ("http://local host/", "not name a host"),
        ("http://[fe80::1%25eth0]/", "not name a host"),
        ("http://localhost:0/", "0 is not a port"),
        ("http://localhost:99999/", "99999 is not a port"),
        ("http://localhost:port/", "not a URL"),
        ("http://local\r\nhost/", "not a URL"),
        ("http://[::1", "not a URL"),
        ("http://example.com/", "host 'example.com' is not allowed"),
        ("http://169.254.169.254/latest", "host '169.254.169.254' is not allowed"),
        ("http://127.1/", "host '127.1' is not allowed"),
        ("http://2130706433/", "host '2130706433' is not allowed"),
        ("http://[::ffff:a9fe:a9fe]/", "is not allowed"),
        ("http://localhost/" + "a" * 2048, "longer than 2048"),
    ],
)
def test_what_is_refused_names_the_field_and_keeps_the_secret(text, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        read(text)
    message = str(refusal.value)
    assert message.startswith("tool_http_base_url: ")
    assert message.isprintable()
    assert "pa55word" not in message


def test_a_name_in_another_alphabet_is_its_ascii_form():
    allow = allow_list({"MINI_AGENT_TOOL_HTTP_ALLOW": "xn--bcher-kva.example"})
    assert read("http://bücher.example/", allow).host == "xn--bcher-kva.example"


@given(st.text(max_size=60))
def test_no_text_does_anything_but_pass_or_be_refused(text):
    for given_url in (text, f"http://{text}", f"http://localhost{text}", f"http://localhost/{text}"):
        try:
            endpoint = read(given_url)
        except ValueError:
            continue
        assert endpoint.scheme in ("http", "https")
        assert AllowList().permits_host(endpoint.host)
        assert origin_of(httpx2.URL(endpoint.url("/invoke"))) == endpoint.origin
