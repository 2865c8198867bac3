from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.model.base_url import SettingsError, chat_base, host_of, is_loopback, ollama_base


@pytest.mark.parametrize(
    ("given_text", "base"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1"),
        ("https://api.example.com/openai/v1", "https://api.example.com/openai/v1"),
        ("https://api.example.com/v1beta/openai/", "https://api.example.com/v1beta/openai"),
        ("http://h:1/v1/chat/completions", "http://h:1/v1"),
        ("http://h:1/chat/completions", "http://h:1/v1"),
        ("  http://h:1 ", "http://h:1/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
        ("HTTP://Host:1", "http://Host:1/v1"),
    ],
)
def test_a_base(given_text, base):
    assert chat_base(given_text, "X") == base


@pytest.mark.parametrize(
    ("given_text", "base"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:9/c/token", "http://127.0.0.1:9/c/token/v1"),
        ("http://127.0.0.1:9/c/token/v1/", "http://127.0.0.1:9/c/token/v1"),
    ],
)
def test_a_base_of_ollama(given_text, base):
    assert ollama_base(given_text, "X") == base


@pytest.mark.parametrize(
    "bad",
    [
        "localhost:11434",
        "ftp://host/v1",
        "http://",
        "http:///v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://host:0/v1",
        "http://[::1/v1",
        "http://host/v1?key=1",
        "http://host/v1#x",
        "http://ho st/v1",
        "http://host/v1\r\nx: y",
        "http://höst/v1",
        "http://" + "a" * 70 + ".example/v1",
        "nonsense",
    ],
)
def test_what_is_no_base(bad):
    with pytest.raises(SettingsError, match="MINI_AGENT_API_BASE") as caught:
        chat_base(bad, "MINI_AGENT_API_BASE")
    assert str(caught.value).isprintable()


def test_a_password_is_refused_and_not_shown():
    with pytest.raises(SettingsError, match="MINI_AGENT_API_KEY") as caught:
        chat_base("http://me:secret@host/v1", "X")
    assert "secret" not in str(caught.value)


hosts = st.text(st.sampled_from("abz019.-_~%:[]@!$&'()*+,;=<>\\^`{|}\"xn"), max_size=16)
paths = st.text(st.sampled_from("abz019.-_~%:[]@!$&'()*+,;=<>\\^`{|}/\""), max_size=16)
addresses = st.builds(
    "{}://{}{}".format, st.sampled_from(["http", "https"]), hosts, st.just("") | paths.map("/{}".format)
)


@settings(deadline=None)
@given(addresses)
def test_what_is_taken_at_the_start_can_be_asked(text):
    import httpx2

    try:
        base = chat_base(text, "X")
    except SettingsError:
        return
    url = httpx2.URL(f"{base}/chat/completions")
    assert url.host
    assert url.path.endswith("/chat/completions")


@settings(deadline=None)
@given(st.text() | addresses)
def test_any_text_is_a_base_or_a_settings_error(text):
    try:
        base = chat_base(text, "X")
    except SettingsError:
        return
    assert base.startswith(("http://", "https://"))
    assert not base.endswith("/")
    assert chat_base(base, "X") == base


@pytest.mark.parametrize(
    ("base", "own"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://localhost/v1", True),
        ("http://a.localhost/v1", True),
        ("http://localhost.example.com/v1", False),
        ("http://10.0.0.1/v1", False),
        ("http://0x7f000001/v1", False),
    ],
)
def test_loopback(base, own):
    assert is_loopback(base) is own


def test_the_host_for_messages():
    assert host_of("http://h:1/v1") == "h:1"
